// Groups: what one map does to parts of a vector, in distributions, policies and files.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  ActionSpace,
  Block,
  BoxBijector,
  Groups,
  MaxNorm,
  Model,
  MultivariateNormalDiag,
  readCheckpoint,
  Tanh,
  Transformed,
  writeCheckpoint,
} from '../../lib/index.js';
import { expectError } from '../support/errors.js';
import { filled, normals } from '../support/numbers.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-groups-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ball = new MaxNorm({ maxNorm: 2 });
const agents = new Groups({ bijector: ball, size: 2 });
const next = normals(3);
const x = { data: Float64Array.from(filled(24, next)), shape: [3, 8] };

describe('a map of groups', () => {
  it('is that of each group, and its log-det the sum of theirs', () => {
    const apart = { data: x.data, shape: [12, 2] };
    const { y, logDet } = agents.forwardAndLogDet(x);
    const each = ball.forwardAndLogDet(apart);
    expect(y).toEqual({ data: each.y.data, shape: [3, 8] });
    expect(logDet.shape).toEqual([3]);
    for (let row = 0; row < 3; row++) {
      const sum = [0, 1, 2, 3].reduce((all, k) => all + (each.logDet.data[4 * row + k] as number), 0);
      expect(logDet.data[row]).toBeCloseTo(sum, 12);
    }
  });

  it('has the entropy of its groups, which are independent', () => {
    const entropyOf = (bijector: Groups | MaxNorm, loc: Float64Array, scaleDiag: Float64Array): number => {
      const distribution = new MultivariateNormalDiag({
        loc: { data: loc, shape: [loc.length] },
        scaleDiag: { data: scaleDiag, shape: [loc.length] },
      });
      return new Transformed({ distribution, bijector }).entropy().data[0] as number;
    };
    const [loc, scale] = [Float64Array.from(filled(8, next)), Float64Array.from(filled(8, () => 0.3 + next() ** 2))];
    const sum = [0, 2, 4, 6].reduce(
      (h, start) => h + entropyOf(ball, loc.slice(start, start + 2), scale.slice(start, start + 2)),
      0,
    );
    expect(entropyOf(agents, loc, scale)).toBeCloseTo(sum, 10);
    // Far more dimensions than one group may have.
    const wide = new Float64Array(300).fill(0.1);
    expect(entropyOf(agents, wide, wide) / (150 * entropyOf(ball, wide.slice(0, 2), wide.slice(0, 2)))).toBeCloseTo(
      1,
      9,
    );
  });

  it('comes back from JSON', () => {
    const again = ActionSpace.create(JSON.parse(JSON.stringify(agents.metadata)));
    expect(agents.metadata).toEqual({
      type: 'groups',
      kw: { bijector: { type: 'maxnorm', kw: { maxNorm: 2, eps: 1e-6 } }, size: 2 },
    });
    expect(again.sameAs(agents)).toBe(true);
    expect(new Groups({ bijector: ball, size: 4 }).sameAs(agents)).toBe(false);
    expect(new Groups({ bijector: new MaxNorm(), size: 2 }).sameAs(agents)).toBe(false);
  });

  it('refuses maps of numbers, sizes that are none, and events that they do not make up', () => {
    expectError(() => new Groups({ bijector: new Tanh(), size: 2 }), 'INVALID_SHAPE', 'a map of vectors', 'Tanh');
    expectError(() => new Groups({ bijector: ball, size: 0 }), 'INVALID_ARGUMENT', 'size');
    expectError(() => new Groups({ bijector: 3 as never, size: 2 }), 'INVALID_ARGUMENT', 'bijector of Groups');
    expectError(() => agents.forward([1, 2, 3]), 'INVALID_SHAPE', 'groups of 2', '3 numbers');
    const odd = { observationSpaceSize: 2, actionSpaceSize: 5, actionSpace: agents };
    expectError(() => Model.create('ActorCritic', odd), 'INVALID_SHAPE', 'groups of 2', '5 numbers');
  });
});

describe('a policy of several agents', () => {
  const limits = new BoxBijector({ low: [-1, -2], high: [1, 3] });
  const spaces = { balls: agents, boxes: new Groups({ bijector: new Block({ bijector: limits, ndims: 1 }), size: 2 }) };
  const make = (actionSpace: Groups): Model =>
    Model.create('SharedActorCritic', { observationSpaceSize: 3, actionSpaceSize: 8, actionSpace, key: 1 });
  const observation = { data: Float32Array.from(filled(300, () => 3 * next())), shape: [100, 3] };

  it('keeps each of them inside a ball of its own, and only just', () => {
    const action = make(agents).act(observation, { key: 2 }).action.dataSync();
    const lengths = Array.from({ length: 400 }, (_, k) => Math.hypot(action[2 * k] ?? 0, action[2 * k + 1] ?? 0));
    expect(Math.max(...lengths)).toBeLessThan(2);
    expect(lengths.filter((length) => length > 1).length).toBeGreaterThan(200);
  });

  it.each(Object.entries(spaces))('takes for actions what the map of %s makes of its latents', (_, space) => {
    const { action, latent } = make(space).act(observation, { key: 2 });
    const expected = space.forward({ data: Float64Array.from(latent.dataSync()), shape: latent.shape }).data;
    action.dataSync().forEach((x, i) => {
      expect(x).toBeCloseTo(expected[i] as number, 4);
    });
  });

  it.each(Object.entries(spaces))(
    'of %s gives the same with its class and with its program alone',
    async (name, space) => {
      const model = make(space);
      expect(model.program.version).toBe(4);
      const file = path.join(folder, `${name}.safetensors`);
      await model.save(file);
      const { tensors, metadata } = await readCheckpoint(file);
      const alone = path.join(folder, `${name} alone.safetensors`);
      await writeCheckpoint(alone, { tensors, metadata: { ...metadata, typeName: 'of somebody else' } });
      const act = (m: Model<object>) => {
        const { action, logProb } = m.act(observation, { key: 7 });
        return [action.dataSync(), logProb.dataSync()];
      };
      for (const each of [file, alone]) {
        const loaded = await Model.load(each);
        expect(loaded.program).toEqual(model.program);
        expect(act(loaded)).toEqual(act(model));
      }
    },
  );
});
