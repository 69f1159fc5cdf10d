// `torsor inspect`: what a checkpoint holds.
import { TorsorError } from '../core/errors.js';
import type { ProgramSpec } from '../graph/program.js';
import { readProgram } from '../graph/validate.js';
import { metadataObject, readCheckpoint } from '../io/checkpoint.js';
import { sha256Of } from '../models/parameters.js';
import type { Output } from '../runs/progress-logger.js';
import { dtypeOf } from '../tensor/dtype.js';
import { sizeOf } from '../tensor/shape.js';
import { checkpointPath } from './checkpoint-path.js';
import { type Command, exitCodes } from './command.js';
import { readOptions, word } from './options.js';

export const inspectCommand: Command = {
  summary: 'says what a checkpoint holds',
  help: `torsor inspect WHAT — says what a checkpoint holds

WHAT is a checkpoint, or the folder of a run: its best checkpoint then, or the last where there is no best one.

  --json      one JSON object, with the whole program
  --help      this text

parametersSha256 is the SHA-256 of all parameters, as float32, little-endian, one behind the other in the order listed. The class of the
model need not be there.`,
  async run(argv, output) {
    const { values, positionals } = readOptions(argv, { json: { type: 'boolean', default: false } }, 1);
    const contents = await inspect(await checkpointPath(word(positionals, 'a checkpoint or the folder of a run')));
    if (values.json) output.write(`${JSON.stringify(contents)}\n`);
    else writeText(contents, output);
    return exitCodes.ok;
  },
};

interface Contents {
  file: string;
  version: number;
  typeName: string;
  options: Record<string, unknown>;
  parameters: { name: string; shape: readonly number[]; count: number }[];
  parameterCount: number;
  parametersSha256: string;
  program: ProgramSpec;
  /** Counters and the like of a trainer; null in the file of a model alone. */
  trainer: Record<string, unknown> | null;
  /** Of a best checkpoint. */
  score: Record<string, unknown> | null;
  /** Arrays beside the parameters. */
  others: { name: string; dtype: string; shape: readonly number[] }[];
}

async function inspect(file: string): Promise<Contents> {
  const checkpoint = await readCheckpoint(file);
  const { tensors, metadata } = checkpoint;
  const json = (key: string) => metadataObject(checkpoint, key, file);
  const program = readProgram(json('program'), file);
  const parameters = program.parameters.map(({ name, shape }) => ({ name, shape, count: sizeOf(shape) }));
  const names = new Set(parameters.map(({ name }) => name));
  const valuesOf = (name: string, count: number): Float32Array => {
    const data = tensors.get(name)?.data;
    if (data instanceof Float32Array && data.length === count) return data;
    const what = data === undefined ? 'missing' : `no array of ${count} float32`;
    throw new TorsorError('CORRUPT_FILE', `${file}: the parameter ${name} is ${what}`);
  };
  return {
    file,
    version: Number(metadata.version),
    typeName: metadata.typeName ?? '',
    options: json('metadata'),
    parameters,
    parameterCount: parameters.reduce((sum, { count }) => sum + count, 0),
    parametersSha256: sha256Of(parameters.map(({ name, count }) => valuesOf(name, count))),
    program,
    trainer: metadata.trainer === undefined ? null : json('trainer'),
    score: metadata.score === undefined ? null : json('score'),
    others: [...tensors]
      .filter(([name]) => !names.has(name))
      .map(([name, { shape, data }]) => ({ name, dtype: dtypeOf(data) as string, shape })),
  };
}

function writeText(c: Contents, output: Output): void {
  const say = (line: string): unknown => output.write(`${line}\n`);
  const shapes = c.parameters.map(({ shape }) => `[${shape.join(', ')}]`);
  const [wide, wider] = [widest(c.parameters.map(({ name }) => name)), widest(shapes)];
  say(`${c.file}: torsor checkpoint, version ${c.version}`);
  say(`Model ${c.typeName}, ${c.parameterCount} parameters`);
  for (const [name, value] of Object.entries(c.options)) say(`  ${name}: ${JSON.stringify(value)}`);
  say('Parameters');
  c.parameters.forEach(({ name, count }, k) => {
    say(`  ${name.padEnd(wide)}  ${(shapes[k] as string).padEnd(wider)}  ${count}`);
  });
  say(`Program, ${c.program.widths[0]} numbers of observation, head ${c.program.head.kind}`);
  const first = 1 + (c.program.states?.length ?? 0);
  c.program.instructions.forEach(({ op, inputs, variant }, k) => {
    say(`  ${first + k}: ${op}${variant ? ` ${variant}` : ''}(${inputs.join(', ')}) → ${c.program.widths[first + k]}`);
  });
  if (c.trainer) {
    const { iteration, updates, environment } = c.trainer as {
      iteration: number;
      updates: number;
      environment?: Environment;
    };
    say(`Trainer, iteration ${iteration}, ${updates} updates, ${environment?.count} × ${environment?.name}`);
  }
  for (const { name, dtype, shape } of c.others) say(`  ${name}  ${dtype} [${shape.join(', ')}]`);
  if (c.score) say(`Best by mean return: ${JSON.stringify(c.score)}`);
  say(`parametersSha256 ${c.parametersSha256}`);
}

interface Environment {
  name: string;
  count: number;
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, { length }) => Math.max(most, length), 0);
}
