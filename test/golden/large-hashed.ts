// large_hashed: realistic sizes, whose parameters and inputs are hashes of their index, and whose results are summaries.
import type { Device } from '../../lib/addon/load.js';
import { Categorical } from '../../lib/distributions/categorical.js';
import type { Carry } from '../../lib/models/carry.js';
import type { Model } from '../../lib/models/model.js';
import type { SequenceOptions } from '../../lib/models/sequence.js';
import { sizeOf } from '../../lib/tensor/shape.js';
import { type Comparison, compare, same, tolerance, unsupported } from './compare.js';
import type { FileArray } from './format.js';
import { baseOf, type Computed, evaluated, type Shaped, sum } from './model-quantities.js';
import { createModel, isSupported, type ReferenceModel, setParameters } from './reference-model.js';

/** What the file keeps of a large array. */
interface Summary {
  shape: number[];
  l2: number;
  sum: number;
  sample_indices: number[];
  sample: FileArray;
}

interface Results {
  [quantity: string]: Summary | FileArray | Record<string, Summary>;
}

interface Case extends ReferenceModel {
  obs_shape: number[];
  action_scale: number;
  params: Record<string, { seed: number; scale: number; shape: number[] }>;
  obs_check: Summary;
  actions_check: Summary;
  f64: Results;
  f32: Results;
}

/** MurmurHash3's finaliser of index + seed · 2^32 / golden ratio, as a number in [0, 1). */
function uniform(index: number, seed: number): number {
  let x = (index + Math.imul(seed, 0x9e3779b9)) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}

function hashed(seed: number, scale: number, size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => (uniform(i, seed) - 0.5) * scale);
}

export function checkLargeHashed(json: unknown, device: Device = 'cpu'): Comparison[] {
  const { cases } = json as { cases: Record<string, Case> };
  return Object.keys(cases).flatMap((name) => {
    const c = cases[name] as Case;
    return isSupported(c.model) ? checkCase(name, c, device) : [unsupported(name, c.model, `cases/${name}`)];
  });
}

function checkCase(name: string, c: Case, device: Device): Comparison[] {
  const model = createModel(c, device);
  const { observationSpaceSize, actionSpaceSize, discrete } = model.options;
  const params = Object.fromEntries(
    Object.entries(c.params).map(([key, { seed, scale, shape }]) => [key, hashed(seed, scale, sizeOf(shape))]),
  );
  const unused = setParameters(model, c, Object.keys(params), (key) => params[key] as Float32Array);
  const rows = sizeOf(c.obs_shape);
  const obs = hashed(1, 3, rows * observationSpaceSize);
  const actions = discrete
    ? Float32Array.from({ length: rows }, (_, i) => Math.floor(uniform(i, 2) * actionSpaceSize))
    : hashed(2, c.action_scale, rows * actionSpaceSize);
  const computed = compute(
    model,
    { data: obs, shape: [...c.obs_shape, observationSpaceSize] },
    actions,
    sequenceOf(model, c.obs_shape),
  );
  for (const key of unused) computed[`grads ${key}`] = new Float32Array((params[key] as Float32Array).length);
  model.dispose();
  return [
    ...compareSummary(`${name}/obs`, obs, c.obs_check, c.obs_check, tolerance.value),
    ...compareSummary(`${name}/actions`, actions, c.actions_check, c.actions_check, tolerance.value),
    ...compareAll(name, computed, c.f64, c.f32, ''),
  ];
}

/** Recurrent models: ends of episodes, and a carry to start from. */
function sequenceOf(model: Model, batch: number[]): SequenceOptions {
  const { carry } = model;
  if (carry === null) return {};
  const done = hashed(3, 1, sizeOf(batch)).map((u) => (u < -0.45 ? 1 : 0));
  model.reset([...batch.slice(1), model.options.observationSpaceSize]);
  const seeds: Record<string, [seed: number, scale: number]> = { c: [4, 2], h: [5, 1] };
  const parts = Object.entries(model.carry as Carry).map(([part, { shape }]) => {
    const values = hashed(...(seeds[part] as [number, number]), sizeOf(shape));
    return [part, { data: 'c' in carry ? values : values.map(Math.abs), shape }];
  });
  return { sequence: true, done: Uint8Array.from(done), initialCarry: Object.fromEntries(parts) };
}

function compute(model: Model, observation: Shaped, actions: Float32Array, options: SequenceOptions): Computed {
  const base = baseOf(model, observation, options);
  return {
    ...evaluated(model, observation, Float64Array.from(actions), options),
    ...(base instanceof Categorical
      ? { logits: base.logits.data }
      : { loc: base.loc.data, scale_diag: base.scaleDiag.data }),
  };
}

function compareAll(name: string, computed: Computed, f64: Results, f32: Results, prefix: string): Comparison[] {
  return Object.keys(f64).flatMap((key) => {
    const [a, b] = [f64[key], f32[key]] as [Results, Results];
    if (!('shape' in a)) return compareAll(name, computed, a, b, `${key} `);
    const actual = computed[prefix + key];
    if (actual === undefined) throw new Error(`${name}: nothing computes ${prefix}${key}`);
    const accepted = /grad/.test(prefix + key) ? tolerance.gradient : tolerance.value;
    if ('data' in a)
      return [
        compare(`${name}/${prefix}${key}`, actual, a as unknown as FileArray, b as unknown as FileArray, accepted),
      ];
    return compareSummary(
      `${name}/${prefix}${key}`,
      actual,
      a as unknown as Summary,
      b as unknown as Summary,
      accepted,
    );
  });
}

function compareSummary(
  name: string,
  actual: ArrayLike<number>,
  f64: Summary,
  f32: Summary,
  accepted: number,
): Comparison[] {
  const values = Float64Array.from(actual);
  const pick = ({ sample_indices }: Summary): number[] => sample_indices.map((i) => values[i] as number);
  return [
    same(`${name} shape`, sizeOf(f64.shape), values.length),
    same(`${name} samples`, f32.sample_indices, f64.sample_indices),
    compare(`${name} sample`, pick(f64), f64.sample, f32.sample, accepted),
    compare(`${name} l2`, Math.sqrt(sum(values.map((x) => x * x))), f64.l2, f32.l2, accepted),
    compare(`${name} sum`, sum(values), f64.sum, f32.sum, accepted),
    same(`${name} shapes`, f32.shape, f64.shape),
  ];
}
