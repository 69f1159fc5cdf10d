// Reads a program back from JSON. Whatever a file says is checked here, so that the native core never sees a malformed program.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { sizeOf } from '../tensor/shape.js';
import { align, alignment, find, type PlacedParameter, type PlacedStatistics, statisticsSize } from './layout.js';
import { heads, type Op, type OpName, ops, problemOf, scales } from './ops.js';
import {
  type BijectorSpec,
  type HeadSpec,
  type InstructionSpec,
  type ProgramSpec,
  programVersions,
  type StateSpec,
} from './program.js';

/** Widths and arenas beyond this (8 GiB of float32) are taken for damage. */
const largest = 2 ** 31;

type Json = Record<string, unknown>;

/** A program from parsed JSON, or an error that says which part of it is wrong. `source` is where it came from, as in a file name. */
export function readProgram(json: unknown, source: string): ProgramSpec {
  const fail = (what: string): never => {
    throw new TorsorError('CORRUPT_FILE', `program of ${source}: ${what}`);
  };
  const object = (where: string, value: unknown): Json =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Json)
      : fail(`${where}: expected an object, got ${show(value)}`);
  const list = (where: string, value: unknown): unknown[] =>
    Array.isArray(value) ? value : fail(`${where}: expected an array, got ${show(value)}`);
  const integer = (where: string, value: unknown, low: number, high: number): number =>
    Number.isInteger(value) && (value as number) >= low && (value as number) <= high
      ? (value as number)
      : fail(`${where}: expected an integer from ${low} to ${high}, got ${show(value)}`);
  const numbers = (where: string, value: unknown): number[] =>
    list(where, value).map((item, i) =>
      typeof item === 'number' && Number.isFinite(item)
        ? item
        : fail(`${where}[${i}]: expected a number, got ${show(item)}`),
    );
  const name = <T extends string>(where: string, value: unknown, known: readonly T[]): T =>
    known.includes(value as T) ? (value as T) : fail(`${where}: ${show(value)} is none of ${known.join(', ')}`);

  const root = object('program', json);
  const known: readonly unknown[] = Object.values(programVersions);
  if (!known.includes(root.version)) {
    throw new TorsorError(
      'UNSUPPORTED_VERSION',
      `program of ${source}: version ${show(root.version)}, this torsor reads version ${known.join(' and ')}`,
    );
  }
  const widths = list('widths', root.widths).map((width, i) => integer(`widths[${i}]`, width, 1, largest));
  const parameterCount = integer('parameterCount', root.parameterCount, 0, largest);
  const parameters = readParameters();
  const placed = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const general = root.version === programVersions.general;
  const statistics = general && root.statistics !== undefined ? readStatistics() : [];
  const unread = new Map(statistics.map(({ name, width }) => [name, width]));
  const steps = list('instructions', root.instructions);
  const bootstraps = root.version === programVersions.bootstrapping || (general && root.bootstrapValue !== undefined);
  const stateful = root.version === programVersions.recurrent || ((bootstraps || general) && root.states !== undefined);
  const states = stateful ? list('states', root.states).map(readState) : [];
  const first = 1 + states.length;
  if (widths.length !== steps.length + first)
    fail(`${widths.length} widths for ${steps.length} instructions and ${states.length} states`);
  const instructions = steps.map(readInstruction);
  if (unread.size > 0) fail(`no instruction reads the statistics ${[...unread.keys()].join(', ')}`);
  const estimate = (where: 'value' | 'bootstrapValue'): number => {
    const index = integer(where, root[where], 0, widths.length - 1);
    return widths[index] === 1 ? index : fail(`${where} has width ${widths[index]}, expected 1`);
  };
  return {
    version: root.version as number,
    widths,
    ...(states.length > 0 && { states }),
    instructions,
    head: readHead(object('head', root.head)),
    value: estimate('value'),
    ...(bootstraps && { bootstrapValue: estimate('bootstrapValue') }),
    parameters,
    parameterCount,
    ...(statistics.length > 0 && { statistics }),
  };

  function readParameters(): PlacedParameter[] {
    let end = 0;
    const seen = new Set<string>();
    const placed = list('parameters', root.parameters).map((item, i) => {
      const where = `parameters[${i}]`;
      const { name: key, shape, offset } = object(where, item);
      if (typeof key !== 'string' || key === '' || seen.has(key))
        fail(`${where}: name ${show(key)} is missing or taken`);
      seen.add(key as string);
      const lengths = list(`${where}.shape`, shape).map((length) => integer(`${where}.shape`, length, 1, largest));
      const at = integer(`${where}.offset`, offset, end, largest);
      if (at % alignment !== 0 && at !== end)
        fail(`${where}: offset ${at} is no multiple of ${alignment}, nor right behind the one before`);
      end = at + sizeOf(lengths);
      return { name: key as string, shape: lengths, offset: at };
    });
    if (align(end) !== parameterCount) fail(`parameters end at ${align(end)}, but parameterCount is ${parameterCount}`);
    return placed;
  }

  function readStatistics(): PlacedStatistics[] {
    let end = parameterCount;
    const seen = new Set<string>();
    return list('statistics', root.statistics).map((item, i) => {
      const where = `statistics[${i}]`;
      const { name: key, width, offset } = object(where, item);
      if (typeof key !== 'string' || key === '' || seen.has(key))
        fail(`${where}: name ${show(key)} is missing or taken`);
      seen.add(key as string);
      const columns = integer(`${where}.width`, width, 1, largest);
      const at = integer(`${where}.offset`, offset, end, largest);
      end = at + statisticsSize(columns);
      return { name: key as string, width: columns, offset: at };
    });
  }

  /** Every statistics are read by one instruction, of the observation. */
  function readNormalized(where: string, key: unknown, inputs: readonly number[], width: number): string {
    if (inputs[0] !== 0) fail(`${where}: it reads value ${inputs[0]}, not the observation`);
    const columns = unread.get(key as string);
    if (columns === undefined) fail(`${where}: there are no statistics ${show(key)}, or another reads them`);
    if (columns !== width) fail(`${where}: statistics of ${columns} columns for ${width}`);
    unread.delete(key as string);
    return key as string;
  }

  function readInstruction(item: unknown, i: number): InstructionSpec {
    const where = `instructions[${i}]`;
    const json = object(where, item);
    const op = name(`${where}.op`, json.op, Object.keys(ops) as OpName[]);
    const inputs = list(`${where}.inputs`, json.inputs).map((input) =>
      integer(`${where}.inputs`, input, 0, first + i - 1),
    );
    const names = list(`${where}.parameters`, json.parameters).map((key) =>
      key === null || (typeof key === 'string' && find(key, placed))
        ? (key as string | null)
        : fail(`${where}: there is no parameter ${show(key)}`),
    );
    const arrays = names.map((key) => (key === null ? null : (find(key, placed) as PlacedParameter)));
    const constants = json.constants === undefined ? [] : numbers(`${where}.constants`, json.constants);
    const problem = problemOf(op, {
      inputs: inputs.map((input) => widths[input] as number),
      width: widths[first + i] as number,
      parameters: arrays.map((array) => array?.shape ?? null),
      constants,
    });
    if (problem !== undefined) fail(`${where}: ${problem}`);
    const { adjoining = 1, variant, statistics: normalized }: Op = ops[op];
    arrays.slice(0, adjoining).forEach((two, k) => {
      const one = arrays[k - 1];
      if (one && two && two.offset !== one.offset + sizeOf(one.shape))
        fail(`${where}: ${two.name} does not lie right behind ${one.name}`);
    });
    return {
      op,
      inputs,
      parameters: names,
      ...(variant && { variant: name(`${where}.variant`, json.variant, variant) }),
      ...(normalized && {
        statistics: readNormalized(where, json.statistics, inputs, widths[first + i] as number),
      }),
      ...(constants.length > 0 && { constants }),
    };
  }

  function readState(item: unknown, i: number): StateSpec {
    const where = `states[${i}]`;
    const { value, next, parts, floor } = object(where, item);
    const index = integer(`${where}.value`, value, i + 1, i + 1);
    const replacement = integer(`${where}.next`, next, 0, widths.length - 1);
    if (widths[index] !== widths[replacement]) fail(`${where}: width ${widths[index]} becomes ${widths[replacement]}`);
    const arrays = list(`${where}.parts`, parts).map((part) => {
      const { name: key, shape } = object(`${where}.parts`, part);
      if (typeof key !== 'string' || key === '') fail(`${where}.parts: name ${show(key)} is missing`);
      const lengths = list(`${where}.shape`, shape).map((length) => integer(`${where}.shape`, length, 1, largest));
      return { name: key as string, shape: lengths };
    });
    const width = arrays.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    if (width !== widths[index]) fail(`${where}: parts of ${width} numbers in a width of ${widths[index]}`);
    return {
      value: index,
      next: replacement,
      parts: arrays,
      ...(floor !== undefined && { floor: numbers(`${where}.floor`, [floor])[0] as number }),
    };
  }

  function readHead(json: Json): HeadSpec {
    const kind = name('head.kind', json.kind, Object.keys(heads) as (keyof typeof heads)[]);
    const inputs = list('head.inputs', json.inputs).map((input) => integer('head.inputs', input, 0, widths.length - 1));
    if (inputs.length !== heads[kind].inputs)
      fail(`head: ${kind} reads ${heads[kind].inputs} values, got ${inputs.length}`);
    const wide = inputs.map((input) => widths[input]);
    if (wide.some((width) => width !== wide[0])) fail(`head: values of one width expected, got ${wide.join(' and ')}`);
    if (kind === 'categorical') return { kind, inputs };
    if (kind === 'multi_categorical') {
      const sizes = list('head.sizes', json.sizes).map((size) => integer('head.sizes', size, 1, largest));
      const sum = sizes.reduce((a, b) => a + b, 0);
      if (sum !== wide[0]) fail(`head.sizes: ${sum} logits in all, the head reads ${wide[0]}`);
      return { kind, inputs, sizes };
    }
    if (kind === 'bernoulli') {
      const { meanEntropy = false } = json;
      if (typeof meanEntropy !== 'boolean') fail(`head.meanEntropy: expected true or false, got ${show(meanEntropy)}`);
      return { kind, inputs, ...(meanEntropy === true && { meanEntropy }) };
    }
    const bijectors = list('head.bijectors', json.bijectors ?? []).map(readBijector);
    return { kind, inputs, scale: name('head.scale', json.scale, scales), bijectors };
  }

  function readBijector(item: unknown, i: number): BijectorSpec {
    const where = `head.bijectors[${i}]`;
    const json = object(where, item);
    if (typeof json.name !== 'string') fail(`${where}.name: expected a string, got ${show(json.name)}`);
    if (typeof json.inverse !== 'boolean') fail(`${where}.inverse: expected true or false, got ${show(json.inverse)}`);
    const rows = list(`${where}.parameters`, json.parameters).map((row, k) =>
      numbers(`${where}.parameters[${k}]`, row),
    );
    const size = general && json.size !== undefined ? integer(`${where}.size`, json.size, 1, largest) : undefined;
    return {
      name: json.name as string,
      inverse: json.inverse as boolean,
      parameters: rows,
      ...(size !== undefined && { size }),
    };
  }
}
