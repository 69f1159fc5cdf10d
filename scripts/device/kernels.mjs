// Runs every kernel of the device cuda, for tools that watch a process.
import path from 'node:path';
import { runnerImport } from 'vite';
import { root } from '../setup.mjs';

// Models and batches are those of the tests, in TypeScript: vite compiles them on the fly.
const file = path.join(root, 'test', 'parity', 'every-kernel.ts');
const { module } = await runnerImport(file, { root, logLevel: 'error' });
console.log(await module.everyKernel());
