// The heads of programs: what each reads, and what a file says of it.
import { show } from '../core/check.js';
import type { JsonReader } from './json-reader.js';

/** What a policy head reads: `gaussian` a mean and a scale of one width, the discrete ones their logits. */
export const heads = {
  gaussian: { inputs: 2 },
  categorical: { inputs: 1 },
  multi_categorical: { inputs: 1 },
  bernoulli: { inputs: 1 },
} as const;

export type HeadName = keyof typeof heads;
export const scales = ['log_std', 'std'] as const;
export type ScaleName = (typeof scales)[number];

/** One native bijector of an action, in the order applied. */
export interface BijectorSpec {
  name: string;
  inverse: boolean;
  parameters: number[][];
  /** Dimensions that it takes together, each group by itself. Absent: all. */
  size?: number;
}

export interface HeadSpec {
  kind: HeadName;
  inputs: number[];
  scale?: ScaleName;
  bijectors?: BijectorSpec[];
  /** Of multi_categorical: how many of the logits belong to each categorical. */
  sizes?: readonly number[];
  /** Of bernoulli: entropy is the mean over the bits instead of their sum. */
  meanEntropy?: boolean;
}

/** `widths` are those of the values; `groups`: whether programs of this version have bijectors of groups. */
export function readHead(read: JsonReader, given: unknown, widths: readonly number[], groups: boolean): HeadSpec {
  const json = read.object('head', given);
  const kind = read.name('head.kind', json.kind, Object.keys(heads) as HeadName[]);
  const inputs = read
    .list('head.inputs', json.inputs)
    .map((input) => read.integer('head.inputs', input, 0, widths.length - 1));
  if (inputs.length !== heads[kind].inputs)
    read.fail(`head: ${kind} reads ${heads[kind].inputs} values, got ${inputs.length}`);
  const wide = inputs.map((input) => widths[input]);
  if (wide.some((width) => width !== wide[0]))
    read.fail(`head: values of one width expected, got ${wide.join(' and ')}`);
  if (kind === 'categorical') return { kind, inputs };
  if (kind === 'multi_categorical') {
    const sizes = read.lengths('head.sizes', json.sizes);
    const sum = sizes.reduce((a, b) => a + b, 0);
    if (sum !== wide[0]) read.fail(`head.sizes: ${sum} logits in all, the head reads ${wide[0]}`);
    return { kind, inputs, sizes };
  }
  if (kind === 'bernoulli') {
    const { meanEntropy = false } = json;
    if (typeof meanEntropy !== 'boolean')
      read.fail(`head.meanEntropy: expected true or false, got ${show(meanEntropy)}`);
    return { kind, inputs, ...(meanEntropy === true && { meanEntropy }) };
  }
  const bijectors = read
    .list('head.bijectors', json.bijectors ?? [])
    .map((item, i) => readBijector(read, item, `head.bijectors[${i}]`, groups));
  return { kind, inputs, scale: read.name('head.scale', json.scale, scales), bijectors };
}

function readBijector(read: JsonReader, item: unknown, where: string, groups: boolean): BijectorSpec {
  const json = read.object(where, item);
  if (typeof json.name !== 'string') read.fail(`${where}.name: expected a string, got ${show(json.name)}`);
  if (typeof json.inverse !== 'boolean')
    read.fail(`${where}.inverse: expected true or false, got ${show(json.inverse)}`);
  const rows = read
    .list(`${where}.parameters`, json.parameters)
    .map((row, k) => read.numbers(`${where}.parameters[${k}]`, row));
  const size = groups && json.size !== undefined ? read.length(`${where}.size`, json.size) : undefined;
  return {
    name: json.name,
    inverse: json.inverse,
    parameters: rows,
    ...(size !== undefined && { size }),
  };
}
