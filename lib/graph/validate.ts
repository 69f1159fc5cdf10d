// Reads a program back from JSON. Whatever a file says is checked here, so that the native core never sees a malformed program.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { sizeOf } from '../tensor/shape.js';
import { readHead } from './heads.js';
import { JsonReader, largest } from './json-reader.js';
import { align, alignment, find, type PlacedParameter, type PlacedStatistics, statisticsSize } from './layout.js';
import type { Op } from './op.js';
import { type OpName, ops, problemOf } from './ops.js';
import { type InstructionSpec, type ProgramSpec, programVersions, type StateSpec } from './program.js';

/** A program from parsed JSON, or an error that says which part of it is wrong. `source` is where it came from, as in a file name. */
export function readProgram(json: unknown, source: string): ProgramSpec {
  const read: JsonReader = new JsonReader(source);
  const root = read.object('program', json);
  const known: readonly unknown[] = Object.values(programVersions);
  if (!known.includes(root.version)) {
    throw new TorsorError(
      'UNSUPPORTED_VERSION',
      `program of ${source}: version ${show(root.version)}, this torsor reads version ${known.join(' and ')}`,
    );
  }
  const widths = read.list('widths', root.widths).map((width, i) => read.length(`widths[${i}]`, width));
  const parameterCount = read.integer('parameterCount', root.parameterCount, 0, largest);
  const parameters = readParameters();
  const placed = new Map(parameters.map((parameter) => [parameter.name, parameter]));
  const general = root.version === programVersions.general;
  const statistics = general && root.statistics !== undefined ? readStatistics() : [];
  const unread = new Map(statistics.map(({ name, width }) => [name, width]));
  const steps = read.list('instructions', root.instructions);
  const bootstraps = root.version === programVersions.bootstrapping || (general && root.bootstrapValue !== undefined);
  const stateful = root.version === programVersions.recurrent || ((bootstraps || general) && root.states !== undefined);
  const partNames = new Set<string>();
  const states = stateful ? read.list('states', root.states).map(readState) : [];
  const first = 1 + states.length;
  if (widths.length !== steps.length + first)
    read.fail(`${widths.length} widths for ${steps.length} instructions and ${states.length} states`);
  const instructions = steps.map(readInstruction);
  if (unread.size > 0) read.fail(`no instruction reads the statistics ${[...unread.keys()].join(', ')}`);
  const estimate = (where: 'value' | 'bootstrapValue'): number => {
    const index = read.integer(where, root[where], 0, widths.length - 1);
    return widths[index] === 1 ? index : read.fail(`${where} has width ${widths[index]}, expected 1`);
  };
  return {
    version: root.version as number,
    widths,
    ...(states.length > 0 && { states }),
    instructions,
    head: readHead(read, root.head, widths, general),
    value: estimate('value'),
    ...(bootstraps && { bootstrapValue: estimate('bootstrapValue') }),
    parameters,
    parameterCount,
    ...(statistics.length > 0 && { statistics }),
  };

  function readParameters(): PlacedParameter[] {
    let end = 0;
    const seen = new Set<string>();
    const placed = read.list('parameters', root.parameters).map((item, i) => {
      const where = `parameters[${i}]`;
      const json = read.object(where, item);
      const name = read.newName(where, json.name, seen);
      const shape = read.lengths(`${where}.shape`, json.shape);
      const offset = read.integer(`${where}.offset`, json.offset, end, largest);
      if (offset % alignment !== 0 && offset !== end)
        read.fail(`${where}: offset ${offset} is no multiple of ${alignment}, nor right behind the one before`);
      end = offset + sizeOf(shape);
      return { name, shape, offset };
    });
    if (align(end) !== parameterCount)
      read.fail(`parameters end at ${align(end)}, but parameterCount is ${parameterCount}`);
    return placed;
  }

  function readStatistics(): PlacedStatistics[] {
    let end = parameterCount;
    const seen = new Set<string>();
    return read.list('statistics', root.statistics).map((item, i) => {
      const where = `statistics[${i}]`;
      const json = read.object(where, item);
      const name = read.newName(where, json.name, seen);
      const width = read.length(`${where}.width`, json.width);
      const offset = read.integer(`${where}.offset`, json.offset, end, largest);
      end = offset + statisticsSize(width);
      return { name, width, offset };
    });
  }

  /** Every statistics are read by one instruction, of the observation. */
  function readNormalized(where: string, key: unknown, inputs: readonly number[], width: number): string {
    if (inputs[0] !== 0) read.fail(`${where}: it reads value ${inputs[0]}, not the observation`);
    const columns = unread.get(key as string);
    if (columns === undefined) read.fail(`${where}: there are no statistics ${show(key)}, or another reads them`);
    if (columns !== width) read.fail(`${where}: statistics of ${columns} columns for ${width}`);
    unread.delete(key as string);
    return key as string;
  }

  function readInstruction(item: unknown, i: number): InstructionSpec {
    const where = `instructions[${i}]`;
    const json = read.object(where, item);
    const op = read.name(`${where}.op`, json.op, Object.keys(ops) as OpName[]);
    const inputs = read
      .list(`${where}.inputs`, json.inputs)
      .map((input) => read.integer(`${where}.inputs`, input, 0, first + i - 1));
    const names = read
      .list(`${where}.parameters`, json.parameters)
      .map((key) =>
        key === null || (typeof key === 'string' && find(key, placed))
          ? (key as string | null)
          : read.fail(`${where}: there is no parameter ${show(key)}`),
      );
    const arrays = names.map((key) => (key === null ? null : (find(key, placed) as PlacedParameter)));
    const constants = json.constants === undefined ? [] : read.numbers(`${where}.constants`, json.constants);
    const problem = problemOf(op, {
      inputs: inputs.map((input) => widths[input] as number),
      width: widths[first + i] as number,
      parameters: arrays.map((array) => array?.shape ?? null),
      constants,
    });
    if (problem !== undefined) read.fail(`${where}: ${problem}`);
    const { adjoining = 1, variant, statistics: normalized }: Op = ops[op];
    arrays.slice(0, adjoining).forEach((two, k) => {
      const one = arrays[k - 1];
      if (one && two && two.offset !== one.offset + sizeOf(one.shape))
        read.fail(`${where}: ${two.name} does not lie right behind ${one.name}`);
    });
    return {
      op,
      inputs,
      parameters: names,
      ...(variant && { variant: read.name(`${where}.variant`, json.variant, variant) }),
      ...(normalized && {
        statistics: readNormalized(where, json.statistics, inputs, widths[first + i] as number),
      }),
      ...(constants.length > 0 && { constants }),
    };
  }

  function readState(item: unknown, i: number): StateSpec {
    const where = `states[${i}]`;
    const { value, next, parts, floor } = read.object(where, item);
    const index = read.integer(`${where}.value`, value, i + 1, i + 1);
    const replacement = read.integer(`${where}.next`, next, 0, widths.length - 1);
    if (widths[index] !== widths[replacement])
      read.fail(`${where}: width ${widths[index]} becomes ${widths[replacement]}`);
    const arrays = read.list(`${where}.parts`, parts).map((part) => {
      const { name, shape } = read.object(`${where}.parts`, part);
      return {
        name: read.newName(`${where}.parts`, name, partNames),
        shape: read.lengths(`${where}.shape`, shape),
      };
    });
    const width = arrays.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    if (width !== widths[index]) read.fail(`${where}: parts of ${width} numbers in a width of ${widths[index]}`);
    return {
      value: index,
      next: replacement,
      parts: arrays,
      ...(floor !== undefined && { floor: read.numbers(`${where}.floor`, [floor])[0] as number }),
    };
  }
}
