// The CUDA kernels without a GPU: their own sources, compiled for this machine and run by an emulator (emulator/emulator.h) that finds
// races, reads of what nobody wrote and accesses out of bounds, against the CPU kernels.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { buildTargets, buildTimeout } from '../parity/emulated.js';

let folder: string;
beforeAll(async () => {
  folder = await buildTargets('emulator_proof', 'kernels_check');
}, buildTimeout);

/** What it prints; where it fails, an error with the lines that say what. */
function run(name: string, ...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(path.join(folder, name), args, { maxBuffer: 1 << 26 }, (error, output) => {
      if (!error) return resolve(output);
      const failed = output.split('\n').filter((line) => line.startsWith('FAILED'));
      reject(new Error(`${name} ended with ${error.code ?? error.signal}:\n${failed.join('\n') || output}`));
    });
  });
}

test('the emulator reports what is wrong with a kernel', async () => {
  expect(await run('emulator_proof')).toMatch(/^0 failures$/m);
});

test.concurrent.for(['fixed', 'batches', 'sequences'])(
  'the CUDA kernels compute what the CPU kernels do: %s',
  { timeout: 300_000 },
  async (part, { expect }) => {
    expect(await run('kernels_check', part)).toMatch(/^\d+ comparisons, 0 failures/m);
  },
);
