// A model and its exported file side by side, step after step: the same observations, noise, masks and ends of episodes.
import { expect } from 'vitest';
import { gumbel, Key, type Model, normal, uniform } from '../../lib/index.js';
import { headExports } from '../../lib/onnx/heads.js';
import { generator, normals } from '../support/numbers.js';
import { type Given, type Numbers, Session } from './session.js';

/**
 * Both compute in float32 with elementary functions of their own, each good to a few units in the last place; layers and log-dets add up
 * some tens of such errors. Measured over this folder: 4e-6 of 1 + the size of a number at most.
 */
const tolerance = 1e-5;

const noises = { normal, gumbel, uniform };

export interface CompareOptions {
  file: string;
  deterministic: boolean;
  masked: boolean;
  rows: number;
  seed: number;
  /** Steps one after another, with ends of episodes in between where there is a memory. */
  steps?: number;
  /** Size of the numbers of observations. Default: 1. */
  size?: number;
}

/** Steps `model` and the file, and expects the same results. */
export async function compare(model: Model<object>, options: CompareOptions): Promise<void> {
  const { file, deterministic, masked, rows, seed, steps = 1, size = 1 } = options;
  await model.exportOnnx(file, { deterministic, actionMask: masked });
  const session = await Session.open(file);
  const { network } = model;
  const [next, uniformly] = [normals(seed), generator(seed + 1)];
  const parts = (network.program.states ?? []).flatMap((state) => state.parts);
  let carry = emptyCarry(model, rows);
  model.reset([rows, network.observationSize]);
  for (let step = 0; step < steps; step++) {
    const observation = array(rows, network.observationSize, () => size * next());
    const key = new Key(seed).at(step);
    const mask = masked ? maskFor(model, rows, uniformly) : undefined;
    const expected = model.act(observation, { key, deterministic, ...(mask && { mask }) });
    const noise = noises[headExports[network.program.head.kind].noise](key, [rows, network.actionSize]);
    const results = await session.run({
      observation,
      ...carry,
      ...(!deterministic && { noise: { data: noise, shape: [rows, network.actionSize] } }),
      ...(mask && { action_mask: mask }),
    });
    const want: Record<string, Given> = {
      action: { data: expected.action.dataSync(), shape: expected.action.shape },
      log_prob: { data: expected.logProb.dataSync(), shape: expected.logProb.shape },
      value: { data: expected.value.dataSync(), shape: expected.value.shape },
    };
    for (const { name } of parts) {
      const { data, shape } = tensorOf(model, name);
      want[`next_carry.${name}`] = { data, shape };
    }
    for (const [name, array] of Object.entries(want)) {
      expectClose(`${name}, step ${step}`, results[name] as Given, array);
    }
    const done = Uint8Array.from({ length: rows }, () => (uniformly() < 0.25 ? 1 : 0));
    if (parts.length > 0) model.reset([rows, network.observationSize], { data: done, shape: [rows] });
    carry = nextCarry(results, done);
  }
  await session.release();
}

/** What a file takes where episodes begin. */
export function emptyCarry(model: Model<object>, rows: number): Record<string, Given> {
  const parts = (model.network.program.states ?? []).flatMap((state) => state.parts);
  return Object.fromEntries(parts.map(({ name, shape }) => [`carry.${name}`, zeros([rows, ...shape])]));
}

/** What a file takes next, cleared in rows whose episode is done. */
export function nextCarry(results: Readonly<Record<string, Given>>, done: Uint8Array): Record<string, Given> {
  const prefix = 'next_';
  return Object.fromEntries(
    Object.entries(results)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, array]) => [name.slice(prefix.length), cleared(array, done)]),
  );
}

function tensorOf(model: Model<object>, name: string): Given {
  const tensor = (model.carry as NonNullable<typeof model.carry>)[name] as { shape: readonly number[] } & {
    dataSync(): Float32Array;
  };
  return { data: tensor.dataSync(), shape: tensor.shape };
}

/** Relative to 1 + the size of the number: absolute for small ones. */
export function relativeDifference(got: number, want: number): number {
  return got === want ? 0 : Math.abs(got - want) / (1 + Math.abs(want));
}

/** Integers and shapes are the same. */
export function expectClose(what: string, got: Given, want: Given): void {
  expect([...got.shape], `${what}: shape`).toEqual([...want.shape]);
  if (want.data instanceof Int32Array) {
    expect(Array.from(got.data), what).toEqual(Array.from(want.data));
    return;
  }
  let worst = 0;
  want.data.forEach((b, i) => {
    const a = got.data[i] as number;
    const error = relativeDifference(a, b);
    if (!(error <= worst)) worst = error;
  });
  expect(worst, what).toBeLessThanOrEqual(tolerance);
}

/** The first of the choices that exclude each other is allowed, so that one is. */
function maskFor(model: Model<object>, rows: number, uniformly: () => number): { data: Uint8Array; shape: number[] } {
  const { width, groups } = model.network.actions.mask as { width: number; groups: readonly number[] };
  const first = new Set([0]);
  let start = 0;
  for (const group of groups) {
    start += group;
    first.add(start);
  }
  const allow = (_: unknown, i: number): number => (first.has(i % width) || uniformly() < 0.6 ? 1 : 0);
  return { data: Uint8Array.from({ length: rows * width }, allow), shape: [rows, width] };
}

function array(rows: number, width: number, next: () => number): { data: Float32Array; shape: number[] } {
  return { data: Float32Array.from({ length: rows * width }, next), shape: [rows, width] };
}

function zeros(shape: readonly number[]): Given {
  return { data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape };
}

function cleared({ data, shape }: Given, done: Uint8Array): Given {
  const width = data.length / done.length;
  return { data: (data as Float32Array).map((x, i) => (done[Math.floor(i / width)] ? 0 : x)) as Numbers, shape };
}
