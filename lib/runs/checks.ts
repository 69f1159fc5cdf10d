// Checks of what a run is made of: what a caller typed, and what run.json says.
import { abortSignal, invalid, nonNegativeInteger, object, oneOf, positiveInteger, string } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { runJson } from '../io/run-json.js';
import { PPO } from '../training/ppo.js';
import type { Logger, RunInfo } from './logger.js';
import type { RunEvaluation } from './session.js';
import type { TrainRunOptions } from './train-run.js';

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What trainRun is given beside numbers, names and booleans. @throws TorsorError MISSING_OPTION, INVALID_ARGUMENT */
export function checkParts(trainer: unknown, { evaluate, loggers, signal, about }: TrainRunOptions): void {
  if (!(trainer instanceof PPO)) throw invalid('trainer', 'a PPO', trainer);
  if (evaluate !== undefined && typeof evaluate !== 'function') throw invalid('evaluate', 'a function', evaluate);
  if (loggers !== undefined && !Array.isArray(loggers)) throw invalid('loggers', 'an array of loggers', loggers);
  loggers?.forEach(checkLogger);
  if (signal !== undefined) abortSignal('signal', signal);
  if (about !== undefined) checkAbout(about);
}

const methods = ['begin', 'record', 'saved', 'end'] as const satisfies (keyof Logger)[];

function checkLogger(logger: unknown, index: number): void {
  const name = `loggers[${index}]`;
  if (!isObject(logger)) throw invalid(name, `an object with functions ${methods.join(', ')}, or some of them`, logger);
  for (const method of methods) {
    const value = logger[method];
    if (value !== undefined && typeof value !== 'function') throw invalid(`${name}.${method}`, 'a function', value);
  }
}

function checkAbout(about: unknown): void {
  object('about', about);
  try {
    runJson(about);
  } catch (error) {
    throw new TorsorError('INVALID_ARGUMENT', `about: expected what JSON can hold: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** What `evaluate` of trainRun gave. @throws TorsorError MISSING_OPTION, INVALID_ARGUMENT */
export function checkEvaluation(value: unknown): RunEvaluation {
  const expected = 'numbers meanReturn and standardError, arrays returns and lengths';
  if (!isObject(value)) throw invalid('evaluate', expected, value);
  for (const name of ['meanReturn', 'standardError']) {
    if (typeof value[name] !== 'number') throw invalid(`evaluate: ${name}`, 'a number', value[name]);
  }
  for (const name of ['returns', 'lengths']) {
    const list = value[name];
    if (!Array.isArray(list) && !ArrayBuffer.isView(list)) throw invalid(`evaluate: ${name}`, 'an array', list);
  }
  return value as unknown as RunEvaluation;
}

const fields: Record<string, (name: string, value: unknown) => unknown> = {
  torsor: string,
  'environment.name': string,
  'environment.count': positiveInteger,
  'model.type': string,
  'model.options': object,
  'model.parameters': nonNegativeInteger,
  device: string,
  simd: string,
  threads: positiveInteger,
  steps: positiveInteger,
  checkpointEvery: positiveInteger,
  bestBy: (name, value) => oneOf(name, value, ['evaluation', 'episodes']),
  settings: object,
  about: object,
};

/** What was read from run.json. @throws TorsorError CORRUPT_FILE with the name of the field that is missing or of another kind. */
export function checkRunInfo(value: object, source: string): RunInfo {
  for (const [name, check] of Object.entries(fields)) {
    const field = name.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown>)?.[key], value);
    try {
      check(name, field);
    } catch (error) {
      throw new TorsorError('CORRUPT_FILE', `${source}: ${(error as Error).message}`, { cause: error });
    }
  }
  return value as RunInfo;
}
