// What the public API says to arguments that are missing or nothing at all: a code and the argument's name, never a TypeError of the engine.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, test } from 'vitest';
import * as torsor from '../../lib/index.js';
import { expectError, expectRejection } from '../support/errors.js';

type Code = Parameters<typeof expectError>[1];
/** The API as JavaScript sees it: any function may be called with anything, or made with nothing. */
type Loose = Record<string, (new (...given: unknown[]) => unknown) & ((...given: unknown[]) => unknown)>;
const api = torsor as unknown as Loose;
const make =
  (name: string, ...given: unknown[]) =>
  () =>
    new (api[name] as Loose[string])(...given);
const run =
  (name: string, ...given: unknown[]) =>
  () =>
    (api[name] as Loose[string])(...given);

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-'));
afterAll(() => rmSync(folder, { recursive: true }));

const model = torsor.Model.create('SharedActorCritic', {
  ...{ observationSpaceSize: 4, actionSpaceSize: 2, discrete: true, normalizeObservations: true },
});
const environment = new torsor.NativeVectorEnvironment({ name: 'CartPole-v1', count: 1 });

const wrappers = ['TimeLimit', 'FrameStack', 'ClipAction', 'RescaleAction'];
const vectorWrappers = ['NormalizeObservation', 'NormalizeReward', 'EpisodeStatistics'];
const initializers: [string, (...given: unknown[]) => (key?: unknown, shape?: unknown) => unknown][] = [
  ['orthogonal', torsor.initializers.orthogonal as never],
  ['lecunNormal', torsor.initializers.lecunNormal as never],
  ['uniformFanIn', torsor.initializers.uniformFanIn as never],
  ['constant', () => torsor.initializers.constant(0) as never],
];

describe('missing', () => {
  test.each<[what: string, run: () => unknown, code: Code, ...words: (string | RegExp)[]]>([
    ['SyncVectorEnvironment', make('SyncVectorEnvironment'), 'MISSING_OPTION', 'SyncVectorEnvironment', 'make'],
    ['Rollout', make('Rollout'), 'MISSING_OPTION', 'Rollout', 'model'],
    ...[...wrappers, ...vectorWrappers].flatMap((name): [string, () => unknown, Code, ...string[]][] => [
      [`environment of ${name}`, make(name), 'MISSING_OPTION', name, 'environment'],
      [`environment of ${name}, null`, make(name, null), 'INVALID_ARGUMENT', 'environment', 'got null'],
      [`environment of ${name}, a number`, make(name, 3), 'INVALID_ARGUMENT', 'environment', 'got 3'],
    ]),
    ['a limit of steps', make('TimeLimit', mine()), 'MISSING_OPTION', 'maxEpisodeSteps'],
    ['environment of checkEnvironment', run('checkEnvironment'), 'INVALID_ARGUMENT', 'observationSpace', 'undefined'],
    ['options of checkEnvironment', run('checkEnvironment', mine(), null), 'INVALID_ARGUMENT', 'null'],
    ['space of flattenBatch', run('flattenBatch'), 'MISSING_OPTION', 'flattenBatch', 'space'],
    ['space of flattenBatch, a number', run('flattenBatch', 3), 'INVALID_ARGUMENT', 'space', 'got 3'],
    ['bytes of decodeSafetensors', run('decodeSafetensors'), 'MISSING_OPTION', 'bytes'],
    ['bytes of decodeSafetensors, a text', run('decodeSafetensors', 'x'), 'INVALID_DTYPE', 'bytes', '"x"'],
    ['arrays of encodeSafetensors', run('encodeSafetensors'), 'MISSING_OPTION', 'encodeSafetensors'],
    [
      'arrays of encodeSafetensors in an object',
      run('encodeSafetensors', { tensors: { a: { shape: [1], data: Float32Array.of(1) } }, metadata: {} }),
      ...(['INVALID_ARGUMENT', 'tensors', 'Map', '{a}'] as const),
    ],
    ...[
      [{ shape: [1], data: [1] }, 'INVALID_DTYPE', 'data of a'],
      [{ shape: 1, data: Float32Array.of(1) }, 'INVALID_SHAPE', 'shape of a'],
      [null, 'INVALID_ARGUMENT', '"a"'],
    ].map(([array, code, word], i): [string, () => unknown, Code, string] => [
      `array ${i} of encodeSafetensors`,
      run('encodeSafetensors', { tensors: new Map([['a', array]]), metadata: {} }),
      ...([code as Code, word as string] as const),
    ]),
    ...[
      [{ dtype: 'float16', shape: [1], data: Float32Array.of(1) }, 'UNKNOWN_NAME', 'dtype'],
      [{ dtype: 'int32', shape: [1], data: Float32Array.of(1) }, 'INVALID_ARGUMENT', 'data: expected the Int32Array'],
      [{ dtype: 'int32', shape: null, data: Int32Array.of(1) }, 'INVALID_SHAPE', 'shape'],
      [null, 'INVALID_ARGUMENT', 'expected an array'],
    ].map(([record, code, word], i): [string, () => unknown, Code, string] => [
      `record ${i} of encodeEqx`,
      run('encodeEqx', { digest: null, records: [record] }),
      ...([code as Code, word as string] as const),
    ]),
    [
      'metadata of encodeSafetensors',
      run('encodeSafetensors', { tensors: new Map(), metadata: 3 }),
      ...(['INVALID_ARGUMENT', 'metadata', 'got 3'] as const),
    ],
    ['records of encodeEqx', run('encodeEqx'), 'MISSING_OPTION', 'encodeEqx'],
    ['records of encodeEqx, a number', run('encodeEqx', { digest: null, records: 3 }), 'INVALID_ARGUMENT', 'records'],
    ['statistics', () => model.statistics.set('observation', undefined as never), 'INVALID_ARGUMENT', 'observation'],
    ['statistics, null', () => model.statistics.set('observation', null as never), 'INVALID_ARGUMENT', 'observation'],
    ['options of MaskedCoupling', make('MaskedCoupling'), 'MISSING_OPTION', 'MaskedCoupling', 'mask'],
    ['options of SplitCoupling', make('SplitCoupling'), 'MISSING_OPTION', 'SplitCoupling', 'splitIndex'],
    ...['normal', 'gumbel', 'bits', 'uniform'].flatMap((name): [string, () => unknown, Code, ...string[]][] => [
      [`key of ${name}`, run(name, undefined, [2]), 'MISSING_OPTION', 'key', 'Key'],
      [`key of ${name}, a number`, run(name, 5, [2]), 'INVALID_ARGUMENT', 'key', 'Key', 'got 5'],
      [`key of ${name} for no numbers`, run(name, undefined, [0]), 'MISSING_OPTION', 'key'],
    ]),
    ...initializers.slice(0, 3).flatMap(([name, of]): [string, () => unknown, Code, ...string[]][] => [
      [`key of ${name}()`, () => of()(undefined, [2, 3]), 'MISSING_OPTION', 'key', 'Key'],
      [`key of ${name}(), a number`, () => of()(5, [2, 3]), 'INVALID_ARGUMENT', 'key', 'got 5'],
    ]),
    ...initializers.map(([name, of]): [string, () => unknown, Code, ...string[]] => [
      ...([`shape of ${name}()`, () => of()(new torsor.Key(1)), 'INVALID_SHAPE', 'shape', 'undefined'] as const),
    ]),
    ...['CsvLogger', 'JsonLinesLogger', 'TensorBoardLogger'].flatMap(
      (name): [string, () => unknown, Code, ...string[]][] => [
        [`path of ${name}`, make(name), 'MISSING_OPTION', name === 'TensorBoardLogger' ? 'folder' : 'file'],
        [`path of ${name}, a number`, make(name, 3), 'INVALID_ARGUMENT', 'a string', 'got 3'],
      ],
    ),
  ])('%s', (_, action, code, ...words) => expectError(action, code, ...words));

  test.each<[what: string, run: () => Promise<unknown>, code: Code, ...words: string[]]>([
    [
      'options of rollout',
      () => torsor.rollout(environment, model, undefined as never).next(),
      'MISSING_OPTION',
      'horizon',
    ],
    ['options of rollout, null', () => torsor.rollout(environment, model, null as never).next(), 'INVALID_ARGUMENT'],
    ['model of rollout', () => torsor.rollout(environment, null as never, { horizon: 4 }).next(), 'INVALID_ARGUMENT'],
    ['environment of recordEpisode', () => torsor.recordEpisode(model, null as never), 'INVALID_ARGUMENT', 'null'],
    ['model of recordEpisode', () => torsor.recordEpisode(null as never, environment), 'INVALID_ARGUMENT', 'null'],
    ['environment of evaluatePolicy', () => torsor.evaluatePolicy(model, 3 as never), 'INVALID_ARGUMENT', 'got 3'],
    [
      'checkpoint of writeCheckpoint',
      () => torsor.writeCheckpoint(path.join(folder, 'x'), undefined as never),
      'MISSING_OPTION',
      'checkpoint',
    ],
  ])('%s', (_, action, code, ...words) => expectRejection(action(), code, ...words));
});

/** Classes that only the package itself makes, for models, workers and trainers. */
const internal = ['BoundStep', 'NonFiniteError', 'Tensor', 'WorkerVectorEnvironment'];

describe('anything in place of the first arguments: a result or a TorsorError', () => {
  const anything: unknown[][] = [[], [null], [3], ['x'], [{}], [[]], [() => 0], [null, null], [{}, {}]];
  const callable = Object.keys(api).filter((name) => typeof api[name] === 'function' && !internal.includes(name));
  test.each(callable)('%s', async (name) => {
    const value = api[name] as Loose[string];
    const isClass = /^class\b/.test(Function.prototype.toString.call(value));
    for (const given of anything) {
      try {
        const result = isClass ? new value(...given) : value(...given);
        if (result instanceof Promise) await result;
      } catch (error) {
        if (!(error instanceof torsor.TorsorError) || error.code === 'NATIVE') {
          throw new Error(`${name}(${given.map((each) => JSON.stringify(each) ?? String(each))}): ${error}`, {
            cause: error,
          });
        }
      }
    }
  });
});

function mine(): torsor.Environment {
  return {
    observationSpace: new torsor.Box(-1, 1, [1]),
    actionSpace: new torsor.Box(-1, 1, [1]),
    reset: () => [[0], {}],
    step: () => [[0], 0, false, false, {}],
  };
}
