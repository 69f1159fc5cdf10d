// The same model on both devices, batches of any shape for it, and how far two results are apart.
import { expect } from 'vitest';
import { Model } from '../../lib/index.js';
import { generator } from '../support/numbers.js';

/** Options that keep the models of the list small, in widths that fill no tile or block of any kernel. */
const own: Record<string, object> = {
  ActorCritic: { actorArchitecture: [37, 21], criticArchitecture: [19] },
  SharedActorCritic: { architecture: [33, 18] },
  LSTMActorCritic: { lstmFeatures: 11, hiddenFeatures: 13 },
  MinGRUActorCritic: { gruFeatures: 9, numLayers: 2, hiddenFeatures: 14 },
};

/** What becomes of the action: the heads, and bijectors of either kind (of one dimension, and mixing dimensions). */
export const heads: Record<string, object> = {
  gaussian: {},
  'gaussian, box': { actionSpace: { type: 'box', kw: { low: -2, high: 2 } } },
  'gaussian, maxnorm': { actionSpace: { type: 'maxnorm', kw: {} } },
  categorical: { discrete: true },
};

export interface Pair {
  cpu: Model;
  cuda: Model;
  observationSize: number;
  actionSize: number;
  discrete: boolean;
}

export function pair(name: string, head: string, seed: number, more: object = {}): Pair {
  const next = generator(seed);
  const observationSize = 1 + Math.floor(next() * 40);
  const actionSize = 2 + Math.floor(next() * 5);
  const make = (device: 'cpu' | 'cuda'): Model =>
    Model.create(name, {
      observationSpaceSize: observationSize,
      actionSpaceSize: actionSize,
      key: seed,
      device,
      ...own[name],
      ...heads[head],
      ...more,
    });
  const discrete = heads[head] === heads.categorical;
  return { cpu: make('cpu'), cuda: make('cuda'), observationSize, actionSize, discrete };
}

export interface Batch {
  observation: { data: Float32Array; shape: number[] };
  /** Where allowed; for categorical heads. */
  mask: { data: Uint8Array; shape: number[] } | undefined;
  /** Ends of episodes, for sequences. */
  done: { data: Uint8Array; shape: number[] };
  rows: number;
}

export function batchFor({ observationSize, actionSize, discrete }: Pair, shape: number[], seed: number): Batch {
  const next = generator(seed);
  const rows = shape.reduce((a, b) => a * b, 1);
  const floats = (count: number) => Float32Array.from({ length: count }, () => 4 * next() - 2);
  // The first category of every row is allowed, so that one is.
  const allowed = (_: unknown, i: number) => (i % actionSize === 0 || next() < 0.6 ? 1 : 0);
  return {
    observation: { data: floats(rows * observationSize), shape: [...shape, observationSize] },
    mask: discrete
      ? { data: Uint8Array.from({ length: rows * actionSize }, allowed), shape: [...shape, actionSize] }
      : undefined,
    done: { data: Uint8Array.from({ length: rows }, () => (next() < 0.2 ? 1 : 0)), shape },
    rows,
  };
}

/** The largest distance, relative to 1 + the size of what the CPU says: absolute for small numbers, relative for large ones. */
export function expectClose(what: string, cuda: ArrayLike<number>, cpu: ArrayLike<number>, most: number): void {
  expect(cuda.length, what).toBe(cpu.length);
  let worst = 0;
  for (let i = 0; i < cpu.length; i++) {
    const [a, b] = [cuda[i] as number, cpu[i] as number];
    const error = a === b ? 0 : Math.abs(a - b) / (1 + Math.abs(b));
    if (!(error <= worst)) worst = error;
  }
  expect(worst, `${what}: distance of the devices`).toBeLessThanOrEqual(most);
}
