// Neural differential equations over windows: values, and gradients backward through time, against the float64 oracle on the same steps.
import { describe, expect, test } from 'vitest';
import { addon } from '../../lib/addon/load.js';
import type { Node } from '../../lib/graph/node.js';
import { toNative } from '../../lib/graph/program.js';
import { type SolverName, solvers } from '../../lib/graph/solvers.js';
import type { NeuralCdeOptions } from '../../lib/graph/window.js';
import { gaussian, type ModelOutputs } from '../../lib/models/heads.js';
import { Oracle } from '../reference/oracle.js';
import { filled, generator, normals } from '../support/numbers.js';
import { makeCase } from './case.js';
import { accepted } from './deviation.js';

interface Setting extends Partial<NeuralCdeOptions> {
  history?: number;
  dt?: number;
  /** Width of z and of the observations. Default: 3. */
  size?: number;
  /** A layer before the equation. Default: none, so that step control starts from the same bits here and there: it amplifies the last of them. */
  initial?: boolean;
  /** Of values, in units of what is accepted elsewhere. */
  tolerance?: number;
}

const model =
  ({ history = 4, dt = 1, size = 3, initial = false, tolerance: _, ...options }: Setting) =>
  (x: Node): ModelOutputs => {
    const window = x.window(history, { dt });
    const first = initial ? window.oldest.linear(size) : window.oldest;
    const z = first.neuralCde(window, { width: 5, ...options });
    return { policy: gaussian(z.tanh().linear(2), { logStd: z.parameter('log_std', [1, 2]) }), value: z.linear(1) };
  };

const settings: Record<string, Setting> = {
  ...Object.fromEntries(solvers.map((solver: SolverName) => [solver, { solver }])),
  ...Object.fromEntries(
    solvers.map((solver: SolverName) => [`${solver}, substeps`, { solver, stepping: { substeps: 2 } }]),
  ),
  'no hidden layer': { depth: 0 },
  'three hidden layers, widths beyond a block': { depth: 3, width: 9, size: 5 },
  'a window of two': { history: 2, dt: 0.25 },
  // Its error estimate is a difference of numbers that agree to ten digits, and the length of the next step is made of the rest.
  dopri8: { solver: 'dopri8', tolerance: 50 },
  'a window of six': { history: 6, dt: 0.5, solver: 'dopri5' },
  // Float32, and what is rounded at the first knot grows over fifteen intervals.
  'a long window': { history: 16, dt: 0.5, stepping: { substeps: 1 }, tolerance: 20 },
  'z0 of a layer': { initial: true, stepping: { substeps: 1 } },
};

// Eleven rows fill no vector; the windows of a row start again where its episode ends.
const [steps, rows] = [5, 19];
/** Parameters, observations and carry. */
type Arrays = readonly Float64Array[];
const names = ['parameters', 'observation', 'carry'];

describe.each(Object.keys(settings))('%s', (name) => {
  const { size = 3, tolerance = 1 } = settings[name] as Setting;
  const c = makeCase(name, model(settings[name] as Setting), { observationSize: size, rows: steps * rows });
  const oracle = new Oracle(c.program);
  const carryWidth = (oracle.zeros[0] as Float64Array).length;
  const done = Uint8Array.from({ length: steps * rows }, (_, i) => (i % 13 === 3 || i % 17 === 6 ? 1 : 0));
  const per = (array: Float64Array | Float32Array, i: number): Float64Array => {
    const width = array.length / (steps * rows);
    return Float64Array.from(array.slice(i * width, (i + 1) * width));
  };
  // Windows as a call before left them: of one to all places.
  const carry = new Float32Array(rows * carryWidth);
  const warmUp = normals(3);
  for (let row = 0; row < rows; row++) {
    let state = oracle.zeros;
    for (let k = 0; k < row; k++)
      state = oracle.forward(Float64Array.from(c.arena), Float64Array.from(filled(size, warmUp)), state).carry;
    carry.set(state[0] as Float64Array, row * carryWidth);
  }
  const arrays: Arrays = [c.arena, c.observation, carry].map((array) => Float64Array.from(array));

  /** Of every row and step. */
  const run = (numbers: Arrays) => {
    const [arena, observation, start] = numbers as [Float64Array, Float64Array, Float64Array];
    return Array.from({ length: rows }, (_, row) => {
      let states: Float64Array[] = [start.slice(row * carryWidth, (row + 1) * carryWidth)];
      return Array.from({ length: steps }, (_, t) => {
        const i = t * rows + row;
        const seen = oracle.evaluate(arena, per(observation, i), per(c.latent, i), undefined, states);
        states = done[i] ? oracle.zeros : seen.carry;
        return { i, ...seen };
      });
    }).flat();
  };
  const loss = (numbers: Arrays): number =>
    run(numbers).reduce((sum, { i, logProb, entropy, value }) => {
      const [a, b, d] = [c.dLogProb[i], c.dEntropy[i], c.dValue[i]] as [number, number, number];
      return sum + a * logProb + b * entropy + d * value;
    }, 0);

  test('values', () => {
    const native = new (addon().Model)(toNative(c.program));
    native.writeParameters(c.arena, 0);
    const [logProb, entropy, value] = [0, 1, 2].map(() => new Float32Array(steps * rows)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    native.evaluate(rows, c.observation, c.latent, true, null, logProb, entropy, value, { steps, done, carry });
    native.dispose();
    for (const { i, value: want } of run(arrays)) {
      expect(Math.abs((value[i] as number) - want)).toBeLessThan(tolerance * accepted.value * (1 + Math.abs(want)));
    }
  });

  test.each([0, 2])('gradients, keeping %i steps at once', (checkpointSteps) => {
    const native = new (addon().Model)(toNative(c.program));
    native.writeParameters(c.arena, 0);
    const got = arrays.map(({ length }) => new Float32Array(length));
    const [parameters, observation, first] = got as [Float32Array, Float32Array, Float32Array];
    const alone = new Float32Array(parameters.length);
    const { dLogProb, dEntropy, dValue, latent } = c;
    const given = [rows, c.observation, latent, null, dLogProb, dEntropy, dValue] as const;
    native.gradient(...given, parameters, observation, { steps, done, carry, dCarry: first, checkpointSteps });
    native.gradient(...given, alone, null, { steps, done, carry, checkpointSteps });
    native.dispose();
    expect(alone).toEqual(parameters);
    differences.forEach(({ array, direction, want }) => {
      const gradient = got[array] as Float32Array;
      const along = direction.reduce((sum, step, i) => sum + step * (gradient[i] as number), 0);
      // Of a sum of many numbers of that size.
      const typical = Math.hypot(...gradient);
      expect(Math.abs(along - want) / (typical + Math.abs(want)), names[array]).toBeLessThan(accepted.gradient);
      expect(typical).toBeGreaterThan(0);
    });
  });

  /** Central differences of the loss with the steps held still, along random directions of every array. */
  const differences = names.flatMap((_, array) => {
    const frozen = oracle.freeze(loss, arrays);
    const next = generator(array);
    const numbers = arrays[array] as Float64Array;
    return Array.from({ length: 6 }, () => {
      const direction = Float64Array.from(numbers, (_, i) => (constant(array, i) ? 0 : next() < 0.5 ? -1 : 1));
      const at = (h: number): number => {
        const moved = arrays.map((own, k) => (k === array ? own.map((x, i) => x + h * (direction[i] as number)) : own));
        return frozen(moved);
      };
      const h = 1e-5;
      return { array, direction, want: (at(h) - at(-h)) / (2 * h) };
    });
  });

  /** Times and counts in a carry, which the equation takes for constants. */
  function constant(array: number, i: number): boolean {
    return array === 2 && i % carryWidth < 2 + (carryWidth - 2) / 4;
  }
});
