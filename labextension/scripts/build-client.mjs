// Builds the app client (nexus_jupyter/appview/static): ES modules and the headless twin.
import { build, context } from 'esbuild';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dev = process.argv.includes('--dev');
const watch = process.argv.includes('--watch');

const common = {
  absWorkingDir: root,
  bundle: true,
  define: { 'process.env.NODE_ENV': dev ? '"development"' : '"production"' },
  legalComments: 'none',
  loader: { '.css': 'text' },
  logLevel: 'warning',
  minify: !dev,
  outdir: '../nexus_jupyter/appview/static',
  sourcemap: dev ? 'inline' : false,
  target: ['es2022', 'chrome105', 'firefox110', 'safari16']
};

const builds = [
  {
    ...common,
    loader: { '.css': 'text' },
    format: 'esm',
    entryPoints: { appview: 'src/appview/index.ts', chart: 'src/appview/chart/index.ts' }
  },
  {
    ...common,
    format: 'iife',
    entryPoints: { headless: 'src/appview/headless/index.ts' },
    sourcemap: false,
    minify: true
  }
].map(options => ({
  ...options,
  entryPoints: Object.fromEntries(
    Object.entries(options.entryPoints).filter(([, path]) => existsSync(`${root}/${path}`))
  )
}));

for (const options of builds) {
  if (Object.keys(options.entryPoints).length === 0) {
    continue;
  }
  if (watch) {
    await (await context(options)).watch();
  } else {
    await build(options);
  }
}
