// Gradients backward through time, with ends of episodes in the middle, against central differences of the float64 oracle.
import { describe, expect, test } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import type { Node } from '../../lib/graph/node.js';
import { toNative } from '../../lib/graph/program.js';
import { categorical, gaussian, type ModelOutputs } from '../../lib/models/heads.js';
import { Oracle } from '../reference/oracle.js';
import { filled, normals } from '../support/numbers.js';
import { makeCase } from './case.js';
import { accepted, worst } from './deviation.js';

const discrete = (x: Node): ModelOutputs => ({ policy: categorical(x.linear(3)), value: x.linear(1) });

/** A running mean: a state that is a plain sum of nodes, and one that the head reads as it was before the step. */
function average(x: Node): ModelOutputs {
  const mean = x.state('mean', x.width);
  const next = mean.scale(0.8).add(x.scale(0.2));
  mean.becomes(next);
  const logStd = x.parameter('log_std', [1, 2]);
  return { policy: gaussian(next.concat(mean).linear(2), { logStd }), value: mean.linear(1) };
}

/** Two states: one is the observation of the step before, the other counts with a gate. */
function delayed(x: Node): ModelOutputs {
  const before = x.state('before', x.width);
  before.becomes(x);
  const sum = x.state('sum', [2, 2]);
  const gate = x.linear(4).sigmoid();
  const next = gate.mul(sum).add(before.linear(4).activation('linear_sigmoid'));
  sum.becomes(next);
  return discrete(next.tanh());
}

/** A scan on top of a scan: what is carried reaches nothing else, so a tile may hold several steps. */
function scans(x: Node): ModelOutputs {
  const states = x.state('s', [2, 3]);
  const layer = (u: Node, k: number): Node =>
    states.slice(3 * k, 3 * k + 3).scan(u.linear(3).sigmoid().scale(-1, 1), u.linear(3));
  const lower = layer(x, 0);
  const upper = layer(lower.tanh().add(x.linear(3)), 1);
  states.becomes(lower.concat(upper));
  return discrete(upper.tanh());
}

/** The head reads the state a scan goes on from, so steps go one by one. */
function watched(x: Node): ModelOutputs {
  const state = x.state('s', 3);
  state.becomes(state.scan(x.linear(3).sigmoid(), x.linear(3)));
  return discrete(state.tanh());
}

const models: Record<string, (x: Node) => ModelOutputs> = {
  'one lstm': (x) => discrete(x.linear(4).tanh().lstm(5)),
  'an lstm on the observation': (x) => discrete(x.lstm(3)),
  'two lstms on top of each other': (x) => {
    const h = x.lstm(4).lstm(3);
    return { policy: gaussian(h.linear(2), { std: h.linear(2).softplus().add(0.2) }), value: h.linear(1) };
  },
  'a running mean': average,
  'the observation before': delayed,
  'a scan on top of a scan': scans,
  'a scan whose state is read': watched,
};

const [steps, rows] = [5, 4];

describe.each(Object.keys(models))('%s', (name) => {
  const c = makeCase(name, models[name] as (x: Node) => ModelOutputs, { observationSize: 3, rows: steps * rows });
  const oracle = new Oracle(c.program);
  const widths = oracle.zeros.map((state) => state.length);
  const carryWidth = widths.reduce((sum, width) => sum + width, 0);
  const carry = filled(rows * carryWidth, normals(5));
  const done = Uint8Array.from({ length: steps * rows }, (_, i) => (i % 7 === 3 || i % 11 === 6 ? 1 : 0));
  const per = <T extends Float64Array | Float32Array | Uint8Array>(array: T, i: number): T => {
    const width = array.length / (steps * rows);
    return array.slice(i * width, (i + 1) * width) as T;
  };

  const lossWith = (arena: Float64Array, observation: Float64Array, start: Float64Array): number => {
    let loss = 0;
    for (let row = 0; row < rows; row++) {
      let at = row * carryWidth;
      let states: Float64Array[] = widths.map((width) => {
        at += width;
        return start.slice(at - width, at);
      });
      for (let t = 0; t < steps; t++) {
        const i = t * rows + row;
        const mask = c.mask ? per(c.mask, i) : undefined;
        const seen = oracle.evaluate(arena, per(observation, i), per(c.latent, i), mask, states);
        const [a, b, d] = [c.dLogProb[i], c.dEntropy[i], c.dValue[i]] as [number, number, number];
        loss += a * seen.logProb + b * seen.entropy + d * seen.value;
        states = done[i] ? oracle.zeros : seen.carry;
      }
    }
    return loss;
  };

  test.each([0, 1, 2, 4])('keeping %i steps at once', (checkpointSteps) => {
    const model = new (addon().Model)(toNative(c.program));
    model.writeParameters(c.arena, 0);
    const got = [c.program.parameterCount, c.observation.length, carry.length].map((n) => new Float32Array(n));
    const [parameters, observation, first] = got as [Float32Array, Float32Array, Float32Array];
    const sequence = { steps, done, carry, dCarry: first, checkpointSteps };
    const { dLogProb, dEntropy, dValue, mask, latent } = c;
    model.gradient(rows, c.observation, latent, mask, dLogProb, dEntropy, dValue, parameters, observation, sequence);
    model.dispose();
    const arrays = [c.arena, c.observation, carry].map((array) => Float64Array.from(array));
    const h = 1e-5;
    const want = arrays.map((array) =>
      Float64Array.from(array, (x, i) => {
        const at = (moved: number): number => {
          array[i] = moved;
          return lossWith(...(arrays as [Float64Array, Float64Array, Float64Array]));
        };
        const difference = (at(x + h) - at(x - h)) / (2 * h);
        array[i] = x;
        return difference;
      }),
    );
    const typical = Math.hypot(...(want[0] as Float64Array)) / Math.sqrt(c.program.parameterCount);
    got.forEach((gradient, k) => {
      const error = worst(gradient, want[k] as Float64Array, (b) => accepted.gradient * (typical + Math.abs(b)));
      expect(error, ['parameters', 'observation', 'carry'][k]).toBeLessThan(1);
    });
    expect(first.some((x) => x !== 0)).toBe(true);
  });
});
