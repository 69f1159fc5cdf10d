// Every op with every activation under every kind of head: values and gradients against the float64 oracle.
import { describe, expect, test } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import { Box } from '../../lib/bijectors/box.js';
import type { ActivationName } from '../../lib/graph/activations.js';
import type { Node } from '../../lib/graph/node.js';
import { bernoulli, categorical, gaussian, multiCategorical, type PolicyHead } from '../../lib/models/heads.js';
import { makeCase } from './case.js';
import { compareWithOracle } from './suite.js';

/** A layer of three numbers that uses the op, before its activation. */
const layers: Record<string, (x: Node, activation: ActivationName) => Node> = {
  linear: (x, activation) => x.linear(4, { activation }),
  activation: (x, activation) => x.activation(activation),
  add: (x, activation) => x.linear(3).add(x).activation(activation),
  mul: (x, activation) => x.linear(3).mul(x).activation(activation),
  scale: (x, activation) => x.scale(-0.7, 0.3).activation(activation),
  clamp: (x, activation) => x.clamp(-0.45, 0.7).activation(activation),
  concat: (x, activation) => x.linear(2).concat(x, x.linear(1)).activation(activation),
  slice: (x, activation) => x.linear(5).slice(1, 4).activation(activation),
  layer_norm: (x, activation) => x.layerNorm().activation(activation),
  // A clip that some of the numbers reach.
  normalize: (x, activation) => x.normalize({ clip: 1.2 }).activation(activation),
  lstm: (x, activation) => x.lstm(4).activation(activation),
  scan: (x, activation) => x.linear(3).scan(x.linear(3).sigmoid(), x).activation(activation),
  window: (x, activation) => x.window(2).state.slice(2, 10).linear(3, { activation }),
  neural_cde: (x, activation) => x.linear(3).neuralCde(x.window(3), { width: 4 }).activation(activation),
  parameter: (x, activation) => x.mul(x.parameter('gain', [3])).activation(activation),
};

const heads: Record<string, Record<string, (features: Node) => PolicyHead>> = {
  gaussian: {
    'log_std as a parameter': (f) => gaussian(f.linear(2), { logStd: f.parameter('log_std', [1, 2]) }),
    'std from features': (f) => gaussian(f.linear(2), { std: f.linear(2).softplus().add(0.2) }),
    'log_std from features, in a box': (f) =>
      gaussian(f.linear(2), { logStd: f.linear(2).scale(0.3, -0.5), actionSpace: new Box({ low: -2, high: 1 }) }),
  },
  categorical: { 'with a mask': (f) => categorical(f.linear(3)) },
  multi_categorical: { 'with a mask': (f) => multiCategorical(f.linear(6), [3, 1, 2]) },
  bernoulli: {
    'with a mask': (f) => bernoulli(f.linear(3)),
    'with the mean of entropies': (f) => bernoulli(f.linear(5), { meanEntropy: true }),
  },
};

const { ops, activations, heads: publishedHeads } = addon().vocabulary;

describe('every published name has a case', () => {
  test('ops', () => expect(Object.keys(layers).sort()).toEqual([...ops].sort()));
  test('heads', () => expect(Object.keys(heads).sort()).toEqual([...publishedHeads].sort()));
});

const cases = ops.flatMap((op) =>
  Object.entries(heads).flatMap(([kind, forms]) =>
    Object.entries(forms).flatMap(([form, head]) =>
      activations.map((activation) =>
        makeCase(
          `${op}, ${activation}, ${kind}, ${form}`,
          (x) => {
            const features = (layers[op] as (typeof layers)[string])(x, activation as ActivationName);
            return { policy: head(features), value: features.linear(1) };
          },
          { observationSize: 3, rows: 3 },
        ),
      ),
    ),
  ),
);

compareWithOracle(cases);
