// The same model on both devices, batches of any shape for it, and how far two results are apart.
import { expect } from 'vitest';
import { Model, type Precision, type Tensor } from '../../lib/index.js';
import { generator } from '../support/numbers.js';
import { smallModel } from '../support/small-models.js';

export interface Pair {
  cpu: Model;
  cuda: Model;
}

/** `precision` is that on the device cuda. */
export function pair(
  name: string,
  head: string,
  seed: number,
  more: object = {},
  precision: Precision = 'float32',
): Pair {
  const next = generator(seed);
  const observationSize = 1 + Math.floor(next() * 40);
  const actionSpaceSize = 2 + Math.floor(next() * 5);
  const options = smallModel(name, head, observationSize, actionSpaceSize);
  const make = (placement: object): Model =>
    Model.create(name, { ...options, key: seed, ...placement, ...more } as never);
  return { cpu: make({ device: 'cpu' }), cuda: make({ device: 'cuda', precision }) };
}

/** The same, where `placement` is that of the model on the device cuda. */
export function pairWith(name: string, head: string, seed: number, placement: object, more: object = {}): Pair {
  const { cpu } = pair(name, head, seed, more);
  return { cpu, cuda: Model.create(name, { ...cpu.metadata, key: seed, device: 'cuda', ...placement } as never) };
}

export const numbers = (tensor: Tensor) => tensor.dataSync();

/** Weights of rows that differ from each other, and from those of another k. */
export const wave = (rows: number, k: number) => Float32Array.from({ length: rows }, (_, i) => Math.sin(k * i + k));

export interface Batch {
  observation: { data: Float32Array; shape: number[] };
  /** Where allowed; for discrete heads. */
  mask: { data: Uint8Array; shape: number[] } | undefined;
  /** Ends of episodes, for sequences. */
  done: { data: Uint8Array; shape: number[] };
  /** What the policy of the CPU does there, before the bijector. */
  latent: { data: Float32Array | Int32Array; shape: number[] };
  rows: number;
}

export function batchFor({ cpu, cuda }: Pair, shape: number[], seed: number): Batch {
  const next = generator(seed);
  const { observationSize, actions } = cpu.network;
  const rows = shape.reduce((a, b) => a * b, 1);
  const floats = Float32Array.from({ length: rows * observationSize }, () => 4 * next() - 2);
  const observation = { data: floats, shape: [...shape, observationSize] };
  // The first of the choices that exclude each other is allowed, so that one is.
  const first = new Set([0]);
  let start = 0;
  for (const group of actions.mask?.groups ?? []) {
    start += group;
    first.add(start);
  }
  const width = actions.mask?.width ?? 0;
  const allowed = (_: unknown, i: number) => (first.has(i % width) || next() < 0.6 ? 1 : 0);
  const mask = actions.mask
    ? { data: Uint8Array.from({ length: rows * width }, allowed), shape: [...shape, width] }
    : undefined;
  const { latent, action } = cpu.act(observation, { key: seed, ...(mask && { mask }) });
  cuda.act(observation, { key: seed, ...(mask && { mask }) }); // both remember it
  const data = actions.choices ? (action.dataSync() as Int32Array) : latent.dataSync();
  return {
    ...{ observation, mask, rows, latent: { data, shape: [...latent.shape] } },
    done: { data: Uint8Array.from({ length: rows }, () => (next() < 0.2 ? 1 : 0)), shape },
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
