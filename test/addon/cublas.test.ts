// Where cuBLASLt is looked for, and the sentence about one that is missing, broken or of another version; as cudnn.test.ts has it of cuDNN.
import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { emulatedCublas, emulatedCudnn } from '../parity/emulated.js';
import { isKnown, machines } from './machines.js';

const { folder, machine, problemOf } = machines('TORSOR_CUBLASLT', 'TORSOR_CUBLASLT_PLAYS');

const help = "install cuBLAS of CUDA 13 (pip install nvidia-cublas, or libcublas-13-0 of NVIDIA's packages)";
const options = { observationSpaceSize: 3, actionSpaceSize: 2, architecture: [8], device: 'cuda' } as const;

const expectProblem = problemOf({
  ...{ option: 'products', library: 'cublas', name: 'SharedActorCritic', options },
  run: (model) => expect(model.forward(new Float32Array(30)).value.shape).toEqual([10, 1]),
});
const known = isKnown('libcublasLt.so', '/usr/local/cuda/lib64/libcublasLt.so');

// First of all: what the process has opened once, the linker finds again.
test.skipIf(known)('none, and that of pip beside a Python on PATH', async () => {
  const bin = path.join(folder, 'python', 'bin');
  mkdirSync(bin, { recursive: true });
  await expectProblem(
    { PATH: bin },
    'cuBLASLt was found neither by the linker (libcublasLt.so.13: cannot open shared object file: No such file or directory) nor in the ' +
      `site-packages of a Python on PATH; ${help}, or set TORSOR_CUBLASLT to the path of libcublasLt.so.13`,
  );
  const lib = path.join(folder, 'python', 'lib', 'python3.11', 'site-packages', 'nvidia', 'cu13', 'lib');
  mkdirSync(lib, { recursive: true });
  copyFileSync(emulatedCublas, path.join(lib, 'libcublasLt.so.13'));
  const { devices, Model } = await machine({ PATH: `/nowhere:${bin}` });
  expect(devices()[1]?.cublas).toEqual({ version: '13.1.1' });
  expect(Model.create('SharedActorCritic', { ...options, products: 'cublas' }).kernels).toEqual([]);
});

test('a file that TORSOR_CUBLASLT names, and one that is not there', async () => {
  const { devices } = await machine({ TORSOR_CUBLASLT: emulatedCublas });
  expect(devices()[1]?.cublas).toEqual({ version: '13.1.1' });
  const missing = path.join(folder, 'nowhere.so');
  await expectProblem(
    { TORSOR_CUBLASLT: missing },
    `TORSOR_CUBLASLT could not be opened (${missing}: cannot open shared object file: No such file or directory); correct or unset it`,
  );
});

test('another version, another library, and one that does not start', async () => {
  await expectProblem(
    { TORSOR_CUBLASLT: emulatedCublas, TORSOR_CUBLASLT_PLAYS: 'old' },
    `${emulatedCublas} is cuBLASLt 11.11.3, and 12 or 13 is needed; ${help}`,
  );
  delete process.env.TORSOR_CUBLASLT_PLAYS;
  await expectProblem(
    { TORSOR_CUBLASLT: emulatedCudnn },
    `${emulatedCudnn} has no function cublasLtGetVersion; ${help}`,
  );
  await expectProblem(
    { TORSOR_CUBLASLT: emulatedCublas, TORSOR_CUBLASLT_PLAYS: 'no-start' },
    'cuBLASLt 13.1.1 does not start on this GPU: a handle by cuBLASLt: CUBLAS_STATUS_OTHER; see whether it is for this GPU and for CUDA 13.0',
    { version: '13.1.1' }, // a GPU is not started to be listed
  );
});

test('what it cannot do, and what contradicts itself', async () => {
  const { Box, Model } = await machine({ TORSOR_CUBLASLT: emulatedCublas });
  const create = (name: string, more: object) => () => Model.create(name, { ...options, ...more } as never);
  const space = new Box(-1, 1, [2]);
  const spaces = { observationSpace: space, actionSpace: space, device: 'cuda' } as const;
  expect(() => Model.create('NCDEActorCriticPolicy', { ...spaces, products: 'cublas' })).toThrow(
    expect.objectContaining({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/^products: .* a window or a neural_cde .*'torsor' or 'auto'$/),
    }),
  );
  expect(create('SharedActorCritic', { products: 'cublas', device: 'cpu' })).toThrow(
    expect.objectContaining({ code: 'DEVICE_UNAVAILABLE', message: expect.stringContaining("on device 'cuda'") }),
  );
  expect(create('SharedActorCritic', { products: 'fast' })).toThrow(/products.*auto.*cublas.*torsor/s);
  expect(create('SharedActorCritic', { products: 'cublas', deterministic: true })).toThrow(
    expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/^deterministic: true .* products: 'cublas' /),
    }),
  );
  process.env.TORSOR_CUBLASLT_PLAYS = 'fails';
  const model = create('SharedActorCritic', { products: 'cublas' })();
  const forward = () => model.forward(new Float32Array(30)).value.dataSync();
  expect(forward).toThrow(
    expect.objectContaining({
      code: 'NATIVE',
      message: 'a product of matrices by cuBLASLt: CUBLAS_STATUS_NOT_SUPPORTED',
    }),
  );
  delete process.env.TORSOR_CUBLASLT_PLAYS;
  expect(forward()).toHaveLength(10);
});
