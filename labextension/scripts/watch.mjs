// Rebuilds everything on change: TypeScript, the app client and the labextension.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('..', import.meta.url));
const core = 'node_modules/@jupyterlab/core-meta/core.package.json';
const commands = [
  ['node_modules/typescript/bin/tsc', '--watch', '--sourceMap'],
  ['scripts/build-client.mjs', '--dev', '--watch'],
  [
    'node_modules/@jupyter/builder/lib/build-labextension.js',
    '--development',
    '--watch',
    '--core-package-file',
    core,
    '.'
  ]
];
const children = commands.map(args => spawn(process.execPath, args, { cwd, stdio: 'inherit' }));
const stop = () => children.forEach(child => child.kill());
process.on('SIGINT', stop);
process.on('SIGTERM', stop);
children.forEach(child => child.on('exit', stop));
