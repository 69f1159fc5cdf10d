// Cases on the native core, with every instruction set this machine has.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { addon } from '../../lib/addon/load.js';
import { toNative } from '../../lib/graph/program.js';
import type { Case } from './case.js';
import { runNative } from './run-native.mjs';

export interface NativeStepResults {
  action: Float32Array | Int32Array;
  latent: Float32Array;
  logProb: Float32Array;
  value: Float32Array;
}

export interface NativeResults {
  simd: string;
  outputs: Float32Array[];
  value: Float32Array;
  likeliest: NativeStepResults;
  sampled: NativeStepResults;
  evaluated: { logProb: Float32Array; entropy: Float32Array; value: Float32Array };
  evaluatedAction: { logProb: Float32Array; entropy: Float32Array; value: Float32Array };
  gradients: Float32Array;
  dObservation: Float32Array;
  /** Without the gradient of the observation, which takes another program. */
  gradientsAlone: Float32Array;
}

const sets = ['baseline', 'v3', 'v4'];

/** Instruction sets of this machine; the last is the one in use here. */
export function instructionSets(): string[] {
  return sets.slice(0, sets.indexOf(addon().simd) + 1);
}

const withNative = (c: Case) => ({ ...c, native: toNative(c.program) });

export function runHere(c: Case): NativeResults {
  return runNative(addon(), withNative(c)) as NativeResults;
}

/** All cases in a process of its own, whose core was told to use another set. */
export function runWith(set: string, cases: readonly Case[]): Promise<NativeResults[]> {
  const child = fork(fileURLToPath(new URL('run-native.mjs', import.meta.url)), {
    env: { ...process.env, TORSOR_SIMD: set },
    execArgv: [],
    serialization: 'advanced',
  });
  return new Promise((resolve, reject) => {
    child.once('message', (results) => resolve(results as NativeResults[]));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the process for ${set} ended with ${code}`)));
    child.send(cases.map(withNative));
  });
}
