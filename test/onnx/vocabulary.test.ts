// Every op, activation, head and bijector that the native core publishes has a form in ONNX, and the same numbers come out of both.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import type { ActivationName } from '../../lib/graph/activations.js';
import { solvers } from '../../lib/graph/solvers.js';
import {
  type Bijector,
  bernoulli,
  categorical,
  gaussian,
  Model,
  type ModelOutputs,
  multiCategorical,
  type Node,
  type PolicyHead,
} from '../../lib/index.js';
import { activationExports } from '../../lib/onnx/activations.js';
import { bijectorExports } from '../../lib/onnx/bijectors.js';
import { headExports } from '../../lib/onnx/heads.js';
import { opExports } from '../../lib/onnx/ops.js';
import { examples } from '../support/bijectors.js';
import { compare } from './compare.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, 'policy.onnx');

const { vocabulary } = addon();

describe('every published name has an entry', () => {
  const sorted = (names: Iterable<string>): string[] => [...names].sort();
  test.each([
    ['ops', opExports, vocabulary.ops],
    ['activations', activationExports, vocabulary.activations],
    ['heads', headExports, vocabulary.heads],
    ['bijectors', bijectorExports, vocabulary.bijectors],
  ])('%s', (_, table, names) => expect(sorted(Object.keys(table))).toEqual(sorted(names)));
});

/** A layer that uses the op. */
const layers: Record<string, (x: Node) => Node> = {
  linear: (x) => x.linear(4).linear(5, { bias: false, activation: 'tanh' }),
  activation: (x) => x.activation('squareplus'),
  add: (x) => x.linear(3).add(x),
  mul: (x) => x.linear(3).mul(x),
  scale: (x) => x.scale(-0.7, 0.3),
  clamp: (x) => x.clamp(-0.2, 0.3),
  normalize: (x) => x.normalize({ clip: 0.8 }),
  concat: (x) => x.linear(2).concat(x, x.linear(1)),
  slice: (x) => x.linear(5).slice(1, 4),
  layer_norm: (x) => x.linear(6).layerNorm(),
  lstm: (x) => x.lstm(4).lstm(3),
  scan: (x) => x.state('s', 3).scan(x.linear(3).sigmoid(), x),
  window: (x) => x.window(3).state.slice(2).linear(3),
  neural_cde: (x) => x.linear(3).neuralCde(x.window(3), { width: 4, depth: 2, stepping: { substeps: 2 } }),
  parameter: (x) =>
    x
      .parameter('value', [3, 1])
      .mul(x)
      .concat(x.parameter('bias', [2])),
};

const heads: Record<string, (features: Node) => PolicyHead> = {
  gaussian: (f) => gaussian(f.linear(2), { std: f.linear(2).softplus().add(0.2) }),
  categorical: (f) => categorical(f.linear(4)),
  multi_categorical: (f) => multiCategorical(f.linear(6), [3, 1, 2]),
  bernoulli: (f) => bernoulli(f.linear(3)),
};

function modelOf(build: (x: Node) => ModelOutputs, key: number): Model {
  class Own extends Model {
    build(x: Node): ModelOutputs {
      return build(x);
    }
  }
  const model = new Own({ observationSpaceSize: 3, actionSpaceSize: 1, key });
  for (const name of model.statistics.names) {
    model.statistics.set(name, {
      count: 9,
      mean: Float64Array.of(0.1, -0.7, 1 / 3),
      variance: Float64Array.of(2, 0, 0.3),
    });
  }
  return model;
}

describe.each(vocabulary.ops)('%s', (op) => {
  const layer = layers[op] as (typeof layers)[string];
  test.each(vocabulary.heads)('under %s', async (head) => {
    const policy = heads[head] as (typeof heads)[string];
    const model = modelOf((x) => {
      const features = layer(x);
      if (op === 'scan') (x.trace.states[0] as { node: Node }).node.becomes(features);
      return { policy: policy(features), value: features.linear(1) };
    }, 3);
    const masked = head !== 'gaussian';
    const steps = model.network.carryWidth > 0 ? 5 : 1;
    await compare(model, { file, deterministic: true, masked, rows: 3, seed: 1, steps });
    await compare(model, { file, deterministic: false, masked, rows: 20, seed: 2, steps });
  });
});

// Numbers up to 60: where exponentials are huge or vanish.
test.each(vocabulary.activations)('activation %s near 0 and far from it', async (name) => {
  const activation = name as ActivationName;
  const model = modelOf((x) => {
    const y = x.activation(activation);
    return { policy: gaussian(y.scale(1, 0), { logStd: x.scale(0) }), value: y.slice(0, 1) };
  }, 1);
  await compare(model, { file, deterministic: true, masked: false, rows: 200, seed: 1 });
  await compare(model, { file, deterministic: true, masked: false, rows: 200, seed: 2, size: 20 });
});

/** Means far from 0, where the bijector takes any number; otherwise between 0.1 and 0.9, where all of them are defined. */
function through(bijector: Bijector, anywhere: boolean, size: number): Model {
  return modelOf((x) => {
    const mean = anywhere ? x.linear(3).scale(size) : x.linear(3).sigmoid().scale(0.8, 0.1);
    const logStd = x.parameter('log_std', [3], (_, [n = 0]) => new Float32Array(n).fill(anywhere ? 0.1 : -4));
    return { policy: gaussian(mean, { logStd, actionSpace: bijector }), value: x.linear(1) };
  }, 5);
}

test.each(examples.map((example) => [example.name, example] as const))('bijector %s', async (_, example) => {
  const anywhere = example.points === undefined && !example.name.startsWith('Inverse');
  for (const size of anywhere && example.name !== 'Exp' ? [1, 6] : [1]) {
    const model = through(example.bijector, anywhere, size);
    await compare(model, { file, deterministic: true, masked: false, rows: 30, seed: 4 });
    await compare(model, { file, deterministic: false, masked: false, rows: 30, seed: 5 });
  }
});

test.each(solvers)('solver %s', async (solver) => {
  const model = modelOf((x) => {
    const z = x.linear(3).neuralCde(x.window(4, { dt: 0.5 }), { width: 5, solver, stepping: { substeps: 3 } });
    return { policy: gaussian(z, { logStd: z.scale(0.1) }), value: z.linear(1) };
  }, 2);
  await compare(model, { file, deterministic: false, masked: false, rows: 9, seed: 3, steps: 7 });
});
