// Graphs with more readers than one, parts, and shared parameters: where gradients have to be added and fusions have to be refused.
import { describe, expect, test } from 'vitest';
import type { Node } from '../../lib/graph/node.js';
import { bernoulli, categorical, gaussian, type ModelOutputs, multiCategorical } from '../../lib/models/heads.js';
import { makeCase } from './case.js';
import { shared } from './shared-parameters.js';
import { compareWithOracle } from './suite.js';

/** A policy and a value on features of any width. */
function onTop(features: Node): ModelOutputs {
  const logStd = features.parameter('log_std', [2]);
  return { policy: gaussian(features.linear(2), { logStd }), value: features.linear(1) };
}

const structures: Record<string, (x: Node) => ModelOutputs> = {
  'a value that five ops read': (x) => {
    const y = x.linear(3).tanh();
    return onTop(y.linear(3).add(y).mul(y.scale(2)).concat(y, y.layerNorm()));
  },
  'a product of a value with itself': (x) => {
    const y = x.linear(3);
    return onTop(y.mul(y));
  },
  'a sum of a value with itself': (x) => {
    const y = x.linear(3).gelu();
    return onTop(y.add(y).linear(2).silu());
  },
  'the observation times itself': (x) => onTop(x.mul(x).concat(x.add(x))),
  'a product with itself that others read too': (x) => {
    const y = x.linear(3).tanh();
    return onTop(y.mul(y).add(y).mul(y));
  },
  'slices that overlap': (x) => {
    const y = x.linear(6).tanh();
    return onTop(y.slice(0, 4).mul(y.slice(2)).concat(y.slice(1, 5)));
  },
  'a slice of which the rest is never read': (x) => onTop(x.linear(6).gelu().slice(2, 4)),
  'a slice beside a linear that reads the whole': (x) => {
    const y = x.linear(5).silu();
    return onTop(y.linear(3).concat(y.slice(3)));
  },
  'slices of the observation': (x) => onTop(x.slice(0, 2).mul(x.slice(1)).concat(x.slice(2))),
  'a slice of a slice of a concat': (x) => onTop(x.linear(3).tanh().concat(x).slice(1, 5).slice(1, 3)),
  'one value twice in a concat': (x) => {
    const y = x.linear(2).elu();
    return onTop(y.concat(x, y));
  },
  'a concat of one': (x) => onTop(x.linear(3).concat().tanh()),
  'layer norm of a value read elsewhere': (x) => {
    const y = x.linear(5);
    return onTop(y.layerNorm().gelu().add(y));
  },
  'layer norm twice, with another epsilon': (x) => onTop(x.linear(4).layerNorm({ epsilon: 0.1 }).tanh().layerNorm()),
  'layer norm of one column': (x) => onTop(x.linear(1).layerNorm({ epsilon: 1 }).concat(x)),
  'a parameter that two ops read': (x) => {
    const gain = x.parameter('gain', [3]);
    return onTop(x.mul(gain).tanh().add(gain));
  },
  'a parameter times itself': (x) => {
    const gain = x.parameter('gain', [3]);
    return onTop(x.mul(gain.mul(gain)));
  },
  'an activation whose linear has another reader': (x) => {
    const y = x.linear(4);
    return onTop(y.tanh().concat(y));
  },
  'two activations of one linear': (x) => {
    const y = x.linear(4);
    return onTop(y.tanh().mul(y.sigmoid()));
  },
  'activations one after another': (x) => onTop(x.linear(4).tanh().gelu().softplus()),
  'a linear without bias': (x) => onTop(x.linear(4, { bias: false, activation: 'gelu' }).linear(3, { bias: false })),
  'a mean that other nodes read': (x) => {
    const mean = x.linear(2);
    return { policy: gaussian(mean, { logStd: mean.linear(2).scale(0.3) }), value: mean.tanh().linear(1) };
  },
  'a mean that is an activation, read by the value': (x) => {
    const mean = x.linear(2).tanh();
    return { policy: gaussian(mean, { logStd: x.parameter('log_std', [2]) }), value: mean.linear(1) };
  },
  'a linear whose linear reader comes before the head in backward': (x) => {
    const mean = x.linear(2).gelu();
    return { policy: gaussian(mean, { logStd: mean.linear(2).scale(0.3) }), value: mean.linear(1) };
  },
  'the observation as mean': (x) => ({
    policy: gaussian(x, { logStd: x.parameter('log_std', [3]) }),
    value: x.linear(1),
  }),
  'the observation as mean and, positive, as std': (x) => ({
    policy: gaussian(x, { std: x.softplus().add(0.1) }),
    value: x.slice(1, 2),
  }),
  'the observation as logits': (x) => ({ policy: categorical(x), value: x.linear(1) }),
  'mean and log-std that are one node': (x) => {
    const y = x.linear(2).tanh();
    return { policy: gaussian(y, { logStd: y }), value: y.linear(1) };
  },
  'a value that is the log-std': (x) => {
    const y = x.linear(1).tanh();
    return { policy: gaussian(x.linear(1), { logStd: y }), value: y };
  },
  'one node as mean, log-std and value': (x) => {
    const y = x.linear(1).tanh();
    return { policy: gaussian(y, { logStd: y }), value: y };
  },
  'logits that the value reads': (x) => {
    const logits = x.linear(4);
    return { policy: categorical(logits), value: logits.linear(1) };
  },
  'logits of several choices that the value reads': (x) => {
    const logits = x.linear(5);
    return { policy: multiCategorical(logits, [2, 3]), value: logits.linear(1) };
  },
  'logits of bits that the value reads': (x) => {
    const logits = x.linear(4);
    return { policy: bernoulli(logits), value: logits.linear(1) };
  },
  'one action, of which there is one': (x) => ({ policy: categorical(x.linear(1)), value: x.linear(1) }),
  'a value that no parameter reaches': (x) => ({
    policy: gaussian(x.linear(2), { logStd: x.parameter('log_std', [2]) }),
    value: x.slice(0, 1).scale(2, 1),
  }),
  'a policy without parameters': (x) => ({
    policy: gaussian(x.tanh(), { std: x.sigmoid().add(0.1) }),
    value: x.slice(2),
  }),
  'a residual tower': (x) => {
    let y = x.linear(5);
    for (let k = 0; k < 4; k++) y = y.add(y.layerNorm().linear(7).gelu().linear(5));
    return onTop(y);
  },
  'a gated layer': (x) => onTop(x.linear(4).sigmoid().mul(x.linear(4).tanh())),
};

const cases = Object.entries(structures).map(([name, build]) => makeCase(name, build, { observationSize: 3, rows: 5 }));

test('a linear read once takes its activation along, and one read twice does not', () => {
  const ops = (name: string): string[] =>
    (cases.find((c) => c.name === name)?.program.instructions ?? []).map(({ op, variant }) => `${op} ${variant ?? ''}`);
  expect(ops('activations one after another').slice(0, 3)).toEqual([
    'linear tanh',
    'activation gelu',
    'activation softplus',
  ]);
  expect(ops('two activations of one linear').slice(0, 3)).toEqual([
    'linear identity',
    'activation tanh',
    'activation sigmoid',
  ]);
});

describe('graphs', () => compareWithOracle(cases));
describe('programs whose instructions share parameters', () => compareWithOracle(shared()));
