// Where each parameter lies in the arena: one flat float32 buffer that holds them all.
import { sizeOf } from '../tensor/shape.js';

/** A parameter of a compiled program. `offset` counts floats from the start of the arena. */
export interface PlacedParameter {
  name: string;
  shape: number[];
  offset: number;
}

/**
 * Every parameter starts at a multiple of 16 floats, one cache line of 64 bytes and one AVX-512 register, so that rows of a
 * kernel whose width is a multiple of 16 never cross a line. The gap after a parameter stays zero: its gradient is zero, and a sum
 * of squares over the arena is that of the parameters.
 */
export const alignment = 16;

export function align(offset: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

/**
 * Places parameters one after another, in the order given. One that is `adjacent` follows the one before without a gap: together they
 * are one matrix. `count` is the length of the arena.
 */
export function layout(parameters: Iterable<{ name: string; shape: readonly number[]; adjacent?: boolean }>): {
  placed: PlacedParameter[];
  count: number;
} {
  const placed: PlacedParameter[] = [];
  let end = 0;
  for (const { name, shape, adjacent } of parameters) {
    const offset = adjacent ? end : align(end);
    placed.push({ name, shape: [...shape], offset });
    end = offset + sizeOf(shape);
  }
  return { placed, count: align(end) };
}

/** Running statistics of a compiled program: mean and variance of `width` columns. `offset` counts floats from the start of the arena. */
export interface PlacedStatistics {
  name: string;
  width: number;
  offset: number;
}

/** Floats that statistics take: every number is the nearest float and what that leaves of it; the count of rows comes last. */
export function statisticsSize(width: number): number {
  return 4 * width + 2;
}

/** Places statistics behind `parameterCount` floats of parameters: what goes over those leaves them alone. */
export function layoutStatistics(
  statistics: Iterable<{ name: string; width: number }>,
  parameterCount: number,
): PlacedStatistics[] {
  let end = parameterCount;
  return Array.from(statistics, ({ name, width }) => {
    const offset = align(end);
    end = offset + statisticsSize(width);
    return { name, width, offset };
  });
}

const block = /^(.*)\[(\d+)\]$/;

/** The whole parameter that an instruction reads, or by `name[k]` a block of. */
export function parameterOf(name: string, placed: ReadonlyMap<string, PlacedParameter>): PlacedParameter | undefined {
  return placed.get(name) ?? placed.get(block.exec(name)?.[1] ?? '');
}

/** What an instruction means by a name: a whole parameter, or by `name[k]` the k-th block along its first axis. */
export function find(name: string, placed: ReadonlyMap<string, PlacedParameter>): PlacedParameter | undefined {
  const whole = placed.get(name);
  if (whole !== undefined) return whole;
  const [, of = '', index = ''] = block.exec(name) ?? [];
  const parameter = placed.get(of);
  if (parameter === undefined || Number(index) >= (parameter.shape[0] as number)) return undefined;
  const shape = parameter.shape.slice(1);
  return { name, shape, offset: parameter.offset + Number(index) * sizeOf(shape) };
}
