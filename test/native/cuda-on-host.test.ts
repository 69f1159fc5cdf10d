// The CUDA tile and linear against the CPU kernels, both compiled here for this machine: their indexing needs no GPU to be tested.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(path.join(tmpdir(), 'torsor-cuda-on-host-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: folder });
    let output = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${command} ended with ${code}: ${output}`)),
    );
  });
}

test('the CUDA kernels compute what the CPU kernels do', { timeout: 240_000 }, async () => {
  const compiler = process.env.CXX ?? 'c++';
  const include = [`-I${path.join(root, 'native')}`, `-I${import.meta.dirname}`];
  // As in CMakeLists.txt but -O1: half the time to compile, and the same arithmetic.
  const flags = ['-std=c++17', '-O1', '-fno-math-errno', '-fno-trapping-math', '-w', ...include];
  const objects = await Promise.all(
    [
      ['test/native/cuda_on_host.cc'],
      ['native/device/cpu/kernels.simd.cc', '-DTORSOR_ISA=baseline'],
      ['test/native/compare.cc'],
      ...['build', 'columns', 'constants', 'steps'].map((name) => [`native/program/${name}.cc`]),
    ].map(async ([source, ...own], k) => {
      await run(compiler, [...flags, ...own, '-c', path.join(root, source as string), '-o', `${k}.o`]);
      return `${k}.o`;
    }),
  );
  await run(compiler, [...objects, '-o', 'compare']);
  const report = await run(path.join(folder, 'compare'), []);
  // 40 programs and sizes of a batch with ten results each, six sequences with three; the order of sums differs, so not every bit is the same.
  expect(report.trim().split('\n').length).toBeGreaterThan(350);
  const largest = Number(/largest (\S+)$/m.exec(report)?.[1]);
  expect(largest).toBeLessThan(2e-6);
});
