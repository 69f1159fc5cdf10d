// What a user is told of devices: by devices(), and where cuda does not run, in one sentence. Every machine is played by the emulated runtime.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildEmulated, buildTimeout } from '../parity/emulated.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-devices-'));
afterAll(() => rmSync(folder, { recursive: true }));

let emulated = '';
beforeAll(async () => {
  emulated = await buildEmulated();
}, buildTimeout);

afterEach(() => {
  delete process.env.TORSOR_CUDA_ADDON;
  delete process.env.TORSOR_EMULATED;
  delete process.env.TORSOR_EMULATED_GPUS;
});

/** A machine that has not been asked yet: fresh modules, and a copy of the addon, which the process would not load twice. */
async function machine(missing: string, gpus = 1) {
  const file = path.join(folder, `${missing}-${gpus}.so`);
  copyFileSync(emulated, file);
  process.env.TORSOR_CUDA_ADDON = file;
  process.env.TORSOR_EMULATED = missing;
  process.env.TORSOR_EMULATED_GPUS = String(gpus);
  vi.resetModules();
  return await import('../../lib/index.js');
}

async function withAddon(file: string) {
  process.env.TORSOR_CUDA_ADDON = file;
  vi.resetModules();
  return await import('../../lib/index.js');
}

type Library = Awaited<ReturnType<typeof machine>>;

function expectUnavailable({ Tensor, devices }: Library, problem: string, listed: object = { device: 'cuda' }): void {
  for (const device of ['cuda', 'cuda:0'] as const) {
    const message = `device '${device}' is not available: ${problem}, or use device 'cpu'.`;
    expect(() => Tensor.zeros([1], { device })).toThrow(
      expect.objectContaining({ code: 'DEVICE_UNAVAILABLE', message }),
    );
  }
  expect(Tensor.zeros([1], { device: 'auto' }).device).toBe('cpu');
  const [cpu, cuda, ...more] = devices();
  expect(cpu).toMatchObject({ device: 'cpu', available: true });
  expect(cuda).toEqual({ ...listed, available: false, reason: problem });
  expect(more).toEqual([]);
}

test.each([
  ['driver', 'no NVIDIA driver was found (libcuda.so.1 could not be loaded); install one for CUDA 13.0 or newer'],
  ['old-driver', 'the NVIDIA driver here is for CUDA 12.4, and CUDA 13.0 or newer is needed; update the driver'],
  [
    'gpu',
    'the NVIDIA driver (for CUDA 13.0) shows no GPU; see what nvidia-smi lists and what CUDA_VISIBLE_DEVICES allows',
  ],
])('a machine without %s', async (missing, problem) => {
  expectUnavailable(await machine(missing), problem);
});

const gpu = { name: 'Emulated GPU', memory: 2 ** 28, driver: '13.0', runtime: '13.0' };
const noCode =
  'Emulated GPU has compute capability 6.1, for which this build has no code (8.0 or newer is needed); compile torsor with ' +
  'TORSOR_CUDA_ARCHS for it, or choose another GPU';
test.each([
  ['architecture', '6.1', noCode],
  [
    'managed',
    '9.0',
    'Emulated GPU does not share managed memory with running kernels here (as under WSL 2 and on some virtual GPUs), which torsor needs; ' +
      'run it on Linux with the GPU itself',
  ],
])('a GPU without %s', async (missing, computeCapability, problem) => {
  expectUnavailable(await machine(missing), problem, { device: 'cuda:0', ...gpu, computeCapability });
});

describe('the file of the addon', () => {
  test('is missing', async () => {
    const file = path.join(folder, 'nowhere.so');
    expectUnavailable(await withAddon(file), `there is no file ${file}; correct or unset TORSOR_CUDA_ADDON`);
  });

  test('is no library', async () => {
    const file = path.join(folder, 'text.so');
    writeFileSync(file, 'text');
    expectUnavailable(
      await withAddon(file),
      `${file} could not be loaded: ${file}: file too short; compile it again together with the rest of torsor`,
    );
  });

  test('is the addon of the CPU', async () => {
    const file = path.join(folder, 'cpu.so');
    copyFileSync(path.join(import.meta.dirname, '..', '..', 'build', 'Release', 'torsor.node'), file);
    expectUnavailable(
      await withAddon(file),
      `${file} is no addon of torsor for CUDA; correct or unset TORSOR_CUDA_ADDON`,
    );
  });
});

const cudnn = {
  problem: expect.stringMatching(/^TORSOR_CUDNN could not be opened \(none: .*\); correct or unset it$/),
};
const cublas = {
  problem: expect.stringMatching(/^TORSOR_CUBLASLT could not be opened \(none: .*\); correct or unset it$/),
};
const works = { available: true, ...gpu, computeCapability: '9.0', cudnn, cublas };

test('a machine with a GPU', async () => {
  const { devices, Tensor } = await machine('nothing');
  expect(devices()).toEqual([
    expect.objectContaining({ device: 'cpu', available: true, name: expect.any(String), memory: expect.any(Number) }),
    { device: 'cuda:0', ...works },
  ]);
  for (const device of ['auto', 'cuda', 'cuda:0'] as const) expect(Tensor.zeros([1], { device }).device).toBe('cuda:0');
  expect(() => Tensor.zeros([1], { device: 'cuda:1' })).toThrow(
    "device 'cuda:1' is not available: CUDA shows 1 GPU, cuda:0; choose one that is there, or use device 'cpu'.",
  );
  for (const wrong of ['gpu', 'cuda:', 'cuda:-1', 'cuda:01', 'cuda:x'])
    expect(() => Tensor.zeros([1], { device: wrong as never }), wrong).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_NAME',
        message: expect.stringContaining('there are: auto, cpu, cuda, cuda:0, cuda:1'),
      }),
    );
});

describe('a machine with two GPUs', () => {
  test('of one kind', async () => {
    const { devices, Tensor } = await machine('nothing', 2);
    expect(devices().slice(1)).toEqual([
      { device: 'cuda:0', ...works },
      { device: 'cuda:1', ...works },
    ]);
    for (const device of ['auto', 'cuda', 'cuda:0', 'cuda:1'] as const)
      expect(Tensor.zeros([1], { device }).device).toBe(device === 'cuda:1' ? device : 'cuda:0');
    expect(() => Tensor.zeros([1], { device: 'cuda:7' })).toThrow(
      "device 'cuda:7' is not available: CUDA shows 2 GPUs, cuda:0 to cuda:1; choose one that is there, or use device 'cpu'.",
    );
  });

  test('of which the first is too old', async () => {
    const { devices, Tensor } = await machine('architecture 0', 2);
    expect(devices().slice(1)).toEqual([
      { device: 'cuda:0', available: false, reason: noCode, ...gpu, computeCapability: '6.1' },
      { device: 'cuda:1', ...works },
    ]);
    expect(Tensor.zeros([1], { device: 'auto' }).device).toBe('cuda:1');
    expect(() => Tensor.zeros([1], { device: 'cuda' })).toThrow(
      expect.objectContaining({
        code: 'DEVICE_UNAVAILABLE',
        message: `device 'cuda' is not available: ${noCode}, or use device 'cpu'.`,
      }),
    );
  });
});
