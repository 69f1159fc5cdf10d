// Policies over spaces: an input for every array of an observation, actions in the shape of their space.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import {
  Box,
  type Categorical,
  Dict,
  Discrete,
  MLPActorCriticPolicy,
  MultiBinary,
  MultiDiscrete,
  type Space,
  Tuple,
} from '../../lib/index.js';
import { expectError } from '../support/errors.js';
import { expectClose } from './compare.js';
import { type Given, type Numbers, Session } from './session.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, 'policy.onnx');

const observationSpace = new Dict({
  lidar: new Box(0, 1, [2, 3]),
  speed: new Box(-1, 1, []),
  gear: new Discrete(5),
  arms: new Tuple([new MultiDiscrete([3, 2]), new MultiBinary([2, 2])]),
});

/** Two elements of the space, as the arrays of a batch. */
const batch: Record<string, Given> = {
  'observation.lidar': { data: Float32Array.from({ length: 12 }, (_, i) => i / 12), shape: [2, 2, 3] },
  'observation.speed': { data: Float32Array.of(0.3, -0.8), shape: [2] },
  'observation.gear': { data: Int32Array.of(4, 1), shape: [2] },
  'observation.arms[0]': { data: Int32Array.of(2, 0, 0, 1), shape: [2, 2] },
  'observation.arms[1]': { data: Uint8Array.of(1, 0, 0, 1, 1, 1, 0, 0), shape: [2, 2, 2] },
};
const given = (name: string): never => batch[`observation.${name}`] as never;
const observation = {
  lidar: given('lidar'),
  speed: given('speed'),
  gear: given('gear'),
  arms: [given('arms[0]'), given('arms[1]')],
};

const actionSpaces: Record<string, Space> = {
  'Box of a matrix': new Box(-1, 1, [2, 2]),
  'Box of one number': new Box(-1, 1, []),
  Discrete: new Discrete(4),
  MultiDiscrete: new MultiDiscrete([3, 2]),
  'MultiBinary of a matrix': new MultiBinary([2, 3]),
};

test.each(
  Object.entries(actionSpaces).flatMap(([name, space]) => [false, true].map((oneHot) => ({ name, space, oneHot }))),
)('$name, one-hot $oneHot', async ({ space, oneHot }) => {
  const policy = new MLPActorCriticPolicy({ observationSpace, actionSpace: space, oneHot, key: 3 });
  await policy.exportOnnx(file);
  const session = await Session.open(file);
  expect(session.inputs).toEqual(Object.keys(batch));
  const results = await session.run(batch);
  const { action, value, logProb } = policy.actionAndValue(null, observation);
  expectClose('action', results.action as Given, { data: action.dataSync() as Numbers, shape: action.shape });
  expectClose('log_prob', results.log_prob as Given, { data: logProb.dataSync(), shape: logProb.shape });
  expectClose('value', results.value as Given, { data: value.dataSync(), shape: [2, 1] });
  await session.release();
});

test('with compat, actions of a matrix are flat as those of the policy', async () => {
  const actionSpace = new Box(-1, 1, [2, 2]);
  const policy = new MLPActorCriticPolicy({ observationSpace, actionSpace, compat: 'lerax', key: 3 });
  await policy.exportOnnx(file);
  const session = await Session.open(file);
  const { action } = policy.actionAndValue(null, observation);
  const results = await session.run(batch);
  expectClose('action', results.action as Given, { data: action.dataSync() as Numbers, shape: [2, 4] });
});

test('an observation space without parts is one input', async () => {
  const policy = new MLPActorCriticPolicy({ observationSpace: new Discrete(3), actionSpace: new Discrete(2), key: 1 });
  await policy.exportOnnx(file, { deterministic: false, actionMask: true });
  const session = await Session.open(file);
  expect(session.inputs).toEqual(['observation', 'noise', 'action_mask']);
  expect(session.outputs).toEqual(['action', 'log_prob', 'logits', 'value']);
  const rows = 3;
  const noise = new Float32Array(2 * rows);
  const results = await session.run({
    observation: { data: Int32Array.of(0, 1, 2), shape: [rows] },
    noise: { data: noise, shape: [rows, 2] },
    action_mask: { data: Uint8Array.of(1, 0, 0, 1, 1, 0), shape: [rows, 2] },
  });
  expect(Array.from((results.action as Given).data)).toEqual([0, 1, 0]);
  expect(Array.from((results.log_prob as Given).data)).toEqual([0, 0, 0]);
  const { policy: distribution } = policy.forward(Float32Array.of(0, 1, 2));
  // Those of the distribution are normalised; what they are apart is the same.
  const apart = (logits: Numbers): Given => ({
    data: Float32Array.from({ length: rows }, (_, i) => (logits[2 * i] as number) - (logits[2 * i + 1] as number)),
    shape: [rows],
  });
  const { logits } = distribution as Categorical;
  expectClose('logits', apart((results.logits as Given).data), apart(logits.data as Numbers));
});

test('a row of a mask that allows none of the choices gives the first, and no log-probability', async () => {
  const policy = new MLPActorCriticPolicy({ observationSpace: new Discrete(3), actionSpace: new Discrete(2), key: 1 });
  const mask = Uint8Array.of(0, 0, 0, 1);
  for (const deterministic of [true, false]) {
    await policy.exportOnnx(file, { deterministic, actionMask: true });
    const session = await Session.open(file);
    const results = await session.run({
      observation: { data: Int32Array.of(0, 1), shape: [2] },
      ...(!deterministic && { noise: { data: new Float32Array(4), shape: [2, 2] } }),
      action_mask: { data: mask, shape: [2, 2] },
    });
    expect(Array.from((results.action as Given).data)).toEqual([0, 1]);
    expect(Array.from((results.log_prob as Given).data)).toEqual([Number.NaN, 0]);
    await session.release();
  }
  const flat = { data: Float32Array.of(0, 1), shape: [2, 1] };
  expectError(() => policy.act(flat, { deterministic: true, mask: { data: mask, shape: [2, 2] } }), 'INVALID_MASK');
});
