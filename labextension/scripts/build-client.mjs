// Builds the app client (nexus_jupyter/appview/static): ES modules, the headless twin and the licences.
import { build, context } from 'esbuild';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { licences } from './licences.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const dev = process.argv.includes('--dev');
const watch = process.argv.includes('--watch');
const outdir = '../nexus_jupyter/appview/static';

const common = {
  absWorkingDir: root,
  bundle: true,
  define: { 'process.env.NODE_ENV': dev ? '"development"' : '"production"' },
  legalComments: 'none',
  loader: { '.css': 'text' },
  logLevel: 'warning',
  metafile: true,
  minify: true,
  outdir,
  target: ['es2022', 'chrome105', 'firefox110', 'safari16']
};

const builds = [
  {
    ...common,
    entryPoints: { appview: 'src/appview/index.ts', chart: 'src/appview/chart/index.ts' },
    format: 'esm',
    minify: !dev,
    sourcemap: dev ? 'inline' : false
  },
  // Always minified: the time to read it is part of every look at an app.
  { ...common, entryPoints: { headless: 'src/appview/headless/index.ts' }, format: 'iife' }
];

if (watch) {
  for (const options of builds) {
    await (await context(options)).watch();
  }
} else {
  const inputs = [];
  for (const options of builds) {
    const { metafile } = await build(options);
    inputs.push(...Object.keys(metafile.inputs));
  }
  writeFileSync(new URL(`../${outdir}/LICENSES.txt`, import.meta.url), licences(root, inputs));
}
