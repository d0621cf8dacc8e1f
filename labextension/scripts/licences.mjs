// Collects the licences of the packages that a bundle contains.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Give the folder of the package that `path` belongs to, or null. */
function packageOf(path) {
  const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path);
  return match && match[1];
}

/** Write one text with every package's name, version and licence. */
export function licences(root, inputs) {
  const folders = new Set(inputs.map(packageOf).filter(Boolean));
  return [...folders]
    .sort()
    .map(folder => {
      const home = join(root, folder);
      const { name, version, license } = JSON.parse(
        readFileSync(join(home, 'package.json'), 'utf8')
      );
      const file = readdirSync(home).find(one => /^licen[cs]e/i.test(one));
      const text =
        file && existsSync(join(home, file)) ? readFileSync(join(home, file), 'utf8') : '';
      return `${name} ${version} (${license})\n\n${text.trim()}\n`;
    })
    .join(`\n${'-'.repeat(72)}\n\n`);
}
