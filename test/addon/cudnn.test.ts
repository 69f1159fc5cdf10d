// Where cuDNN is looked for, and the sentence about one that is missing, broken or of another version. The machines are played by the emulated
// runtime and a library that stands in for cuDNN (test/parity/emulated).
import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { emulatedCudnn } from '../parity/emulated.js';
import { isKnown, machines } from './machines.js';

const { folder, machine, problemOf } = machines('TORSOR_CUDNN', 'TORSOR_CUDNN_PLAYS');

/** A copy of the emulated cuDNN without some of its files; the file to open. */
function copyWithout(name: string, ...missing: string[]): string {
  const copy = path.join(folder, name);
  cpSync(path.dirname(emulatedCudnn), copy, { recursive: true });
  for (const file of missing) rmSync(path.join(copy, file));
  return path.join(copy, 'libcudnn.so.9');
}

const help = "install cuDNN 9 for CUDA 13 (pip install nvidia-cudnn-cu13, or cudnn9-cuda-13 of NVIDIA's packages)";
const options = { observationSpaceSize: 3, actionSpaceSize: 2, lstmFeatures: 4, device: 'cuda' } as const;

const sequence = { data: new Float32Array(12), shape: [2, 2, 3] };
const expectProblem = problemOf({
  ...{ option: 'lstm', library: 'cudnn', name: 'LSTMActorCritic', options },
  run: (model) => expect(model.forward(sequence, { sequence: true }).value.shape).toEqual([2, 2, 1]),
});
const known = isKnown('libcudnn.so.9');

// First of all: what the process has opened once, the linker finds again.
test.skipIf(known)('none, and that of pip beside a Python on PATH', async () => {
  const bin = path.join(folder, 'python', 'bin');
  mkdirSync(bin, { recursive: true });
  await expectProblem(
    { PATH: bin },
    'cuDNN was found neither by the linker (libcudnn.so.9: cannot open shared object file: No such file or directory) nor in the ' +
      `site-packages of a Python on PATH; ${help}, or set TORSOR_CUDNN to the path of libcudnn.so.9`,
  );
  const lib = path.join(folder, 'python', 'lib', 'python3.11', 'site-packages', 'nvidia', 'cudnn', 'lib');
  cpSync(path.dirname(emulatedCudnn), lib, { recursive: true });
  const { devices } = await machine({ PATH: `/nowhere:${bin}` });
  expect(devices()[1]?.cudnn).toEqual({ version: '9.24.0' });
});

test('a file that TORSOR_CUDNN names', async () => {
  const { devices, Model } = await machine({ TORSOR_CUDNN: emulatedCudnn });
  expect(devices()[1]?.cudnn).toEqual({ version: '9.24.0' });
  expect(Model.create('LSTMActorCritic', { ...options, lstm: 'cudnn' }).carry).not.toBeNull();
});

test('a file that is not there, or no library', async () => {
  const missing = path.join(folder, 'nowhere.so');
  await expectProblem(
    { TORSOR_CUDNN: missing },
    `TORSOR_CUDNN could not be opened (${missing}: cannot open shared object file: No such file or directory); correct or unset it`,
  );
  const text = path.join(folder, 'text.so');
  writeFileSync(text, 'text');
  await expectProblem(
    { TORSOR_CUDNN: text },
    `TORSOR_CUDNN could not be opened (${text}: file too short); correct or unset it`,
  );
});

// Calling cuDNN without these ends the process.
test.each(['libcudnn_graph.so.9', 'libcudnn_ops.so.9', 'libcudnn_adv.so.9'])('one without %s', async (part) => {
  const file = copyWithout(`without ${part}`, part);
  const beside = path.dirname(file);
  await expectProblem(
    { TORSOR_CUDNN: file },
    `cuDNN in ${beside} is not complete: ${part} could not be opened (${beside}/${part}: cannot open shared object file: ` +
      `No such file or directory); ${help}`,
  );
});

test('one without cuBLAS', async () => {
  const file = copyWithout('without cuBLAS', 'libcublasLt.so.13');
  const { devices } = await machine({ TORSOR_CUDNN: file });
  const cudnn = devices()[1]?.cudnn;
  // A machine with CUDA has one.
  if (cudnn && 'problem' in cudnn)
    expect(cudnn.problem).toMatch(/^cuDNN in .* needs libcublasLt\.so\.13, .*; install cuBLAS of CUDA 13$/);
  else expect(cudnn).toEqual({ version: '9.24.0' });
});

test('another version', async () => {
  await expectProblem(
    { TORSOR_CUDNN: emulatedCudnn, TORSOR_CUDNN_PLAYS: 'old' },
    `${emulatedCudnn} is cuDNN 8.9.7, and 9 is needed; ${help}`,
  );
});

test('a library that is no cuDNN', async () => {
  const file = copyWithout('no cuDNN');
  copyFileSync(path.join(path.dirname(file), 'libcudnn_ops.so.9'), file);
  await expectProblem({ TORSOR_CUDNN: file }, `${file} has no function cudnnGetVersion; ${help}`);
});

test('one that does not start', async () => {
  await expectProblem(
    { TORSOR_CUDNN: emulatedCudnn, TORSOR_CUDNN_PLAYS: 'no-start' },
    'cuDNN 9.24.0 does not start on this GPU: a handle by cuDNN: CUDNN_STATUS_OTHER; see whether it is for this GPU and for CUDA 13.0',
    { version: '9.24.0' }, // a GPU is not started to be listed
  );
});
