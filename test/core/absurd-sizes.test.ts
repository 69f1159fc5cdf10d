// Sizes that no process can hold: a refusal at once, not the end of Node by its heap, and not a call without end.
import { expect, test } from 'vitest';
import {
  Box,
  checkEnvironment,
  type Environment,
  evaluatePolicy,
  FrameStack,
  initializers,
  Key,
  Model,
  MultiAgentVectorEnvironment,
  NativeVectorEnvironment,
  normal,
  recordEpisode,
  SyncVectorEnvironment,
  type TorsorError,
  WorkerVectorEnvironment,
} from '../../lib/index.js';

const absurd = 2 ** 31;
const space = new Box(-1, 1, [2]);
const environment = (): Environment => ({
  observationSpace: space,
  actionSpace: space,
  reset: () => [[0, 0], {}],
  step: () => [[0, 0], 0, false, false, {}],
});
const native = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 1 });
const model = Model.create('LSTMActorCritic', { observationSpaceSize: 3, actionSpaceSize: 1 });
const sizes = { observationSpaceSize: 3, actionSpaceSize: 1 };
const spaces = { observationSpace: space, actionSpace: space };
const module = { module: 'nowhere.js' };

const policies = {
  MLPActorCriticPolicy: ['featureDepth', 'valueDepth', 'actionDepth'],
  NCDEActorCriticPolicy: ['initialDepth', 'fieldDepth', 'valueDepth', 'actionDepth'],
} as const;
const depths = Object.entries(policies).flatMap(([name, all]) => all.map((depth) => [name, depth] as const));

test.each<[argument: string, run: () => unknown, code?: string]>([
  ['count', () => new SyncVectorEnvironment({ make: environment, count: absurd })],
  ['count', () => new MultiAgentVectorEnvironment({ make: environment as never, count: absurd })],
  ['count', () => new NativeVectorEnvironment({ name: 'Pendulum-v1', count: absurd })],
  ['count', () => WorkerVectorEnvironment.create({ make: module, count: absurd })],
  ['workers', () => WorkerVectorEnvironment.create({ make: module, count: 2 ** 20, workers: 2 ** 20 })],
  ['count', () => new Key(1).split(absurd)],
  ['episodes', () => evaluatePolicy(model, native, { episodes: absurd })],
  ['maxSteps', () => recordEpisode(model, native, { maxSteps: absurd })],
  ['steps', () => checkEnvironment(environment(), { steps: absurd })],
  ['numLayers', () => Model.create('MinGRUActorCritic', { ...sizes, numLayers: absurd })],
  ...depths.map(([name, depth]): [string, () => unknown] => [
    ...([depth, () => Model.create(name, { ...spaces, [depth]: absurd } as never)] as const),
  ]),
  ['frames', () => new FrameStack(environment(), absurd), 'INVALID_SHAPE'],
  ['shape', () => normal(new Key(1), [absurd]), 'INVALID_SHAPE'],
  ['shape', () => initializers.orthogonal()(new Key(1), [absurd, 2]), 'INVALID_SHAPE'],
  ['shape', () => initializers.constant(0)(new Key(1), [absurd]), 'INVALID_SHAPE'],
  ['shape', () => model.reset([absurd, 3]), 'INVALID_SHAPE'],
  ['batch', () => Model.create('NCDEActorCriticPolicy', spaces).reset({ batch: absurd }), 'INVALID_SHAPE'],
])('%s', async (argument, run, code = 'OUT_OF_RANGE') => {
  const thrown = await (async () => run())().catch((error: TorsorError) => error);
  expect(thrown).toMatchObject({ name: 'TorsorError', code });
  expect((thrown as Error).message).toMatch(new RegExp(`${argument}.*(at most|more than) \\d+`));
});
