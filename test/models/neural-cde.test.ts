// Windows and neural differential equations in models: what is carried, that rows do not see each other, and what is refused.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Node } from '../../lib/graph/node.js';
import type { SolverName } from '../../lib/graph/solvers.js';
import { Trace } from '../../lib/graph/trace.js';
import { gaussian, Model, setThreads, threads } from '../../lib/index.js';
import { expectError } from '../support/errors.js';
import { filled, normals } from '../support/numbers.js';

interface Options {
  history: number;
  dt: number;
  latent: number;
  hidden: number;
  depth: number;
  /** Layers before the equation, each of `initialWidth`, with relu. */
  initialDepth: number;
  initialWidth: number;
  solver: SolverName;
  /** 0: adaptive. */
  substeps: number;
}

/** The mean is z itself. */
class NeuralCdeOfTests extends Model<Options> {
  static override readonly defaults: Options = {
    ...{ history: 4, dt: 1, latent: 3, hidden: 5, depth: 1, initialDepth: 0, initialWidth: 8 },
    ...{ solver: 'tsit5', substeps: 0 },
  };

  build(observation: Node) {
    const { history, dt, latent, hidden, depth, initialDepth, initialWidth, solver, substeps } = this.options;
    const window = observation.window(history, { dt });
    let z = window.oldest;
    for (let i = 0; i < initialDepth; i++) z = z.linear(initialWidth, { name: `initial.layers.${i}` }).relu();
    z = z.linear(latent, { name: `initial.layers.${initialDepth}` }).neuralCde(window, {
      width: hidden,
      depth,
      solver,
      name: 'term',
      stepping: substeps ? { substeps } : 'adaptive',
    });
    return { policy: gaussian(z, { logStd: z.parameter('log_std', [latent]) }), value: z.linear(1) };
  }
}

Model.register('NeuralCdeOfTests')(NeuralCdeOfTests);

const make = (options: Partial<Options> = {}): Model =>
  Model.create('NeuralCdeOfTests', {
    observationSpaceSize: 2,
    actionSpaceSize: options.latent ?? 3,
    key: 1,
    ...options,
  });

const act = (model: Model, rows: readonly number[][] | { data: Float32Array; shape: number[] }): Float32Array =>
  model.act(rows, { deterministic: true }).action.dataSync() as Float32Array;

const carried = (model: Model): Record<string, number[]> =>
  Object.fromEntries(Object.entries(model.carry ?? {}).map(([name, array]) => [name, [...array.dataSync()]]));

describe('the window', () => {
  it('fills from the left, then moves, and forgets at the end of an episode', () => {
    const model = make({ history: 3, dt: 0.5 });
    const states = [1, 2, 3, 4].map((k) => {
      act(model, [[k, -k]]);
      return carried(model);
    });
    expect(states[0]).toEqual({ t: [0.5], count: [1], age: [0, 0, 0], x: [1, -1, 0, 0, 0, 0] });
    expect(states[1]).toEqual({ t: [1], count: [2], age: [0.5, 0, 0], x: [1, -1, 2, -2, 0, 0] });
    expect(states[2]).toEqual({ t: [1.5], count: [3], age: [1, 0.5, 0], x: [1, -1, 2, -2, 3, -3] });
    expect(states[3]).toEqual({ t: [2], count: [3], age: [1, 0.5, 0], x: [2, -2, 3, -3, 4, -4] });
    model.reset([1, 2]);
    act(model, [[5, -5]]);
    expect(carried(model)).toEqual({ t: [0.5], count: [1], age: [0, 0, 0], x: [5, -5, 0, 0, 0, 0] });
  });

  it('of one observation gives z of that observation', () => {
    const model = make();
    const z = act(model, [[0.5, -1]]);
    const [kernel, bias] = ['kernel', 'bias'].map((name) => model.parameters.get(`initial.layers.0.${name}`));
    z.forEach((x, l) => {
      expect(x).toBeCloseTo(0.5 * (kernel?.[l] as number) - (kernel?.[3 + l] as number) + (bias?.[l] as number), 6);
    });
  });

  it('works the same late in an episode: times enter as differences alone', () => {
    const model = make({ dt: 0.3 });
    const next = normals(1);
    const observations = Array.from({ length: 6 }, () => [next(), next()]);
    const early = observations.map((x) => act(model, [x]));
    model.reset([1, 2]);
    act(model, [observations[0] as number[]]);
    const { carry } = model;
    model.carry = { ...carry, t: { data: Float32Array.of(2 ** 25), shape: [1] } } as never;
    const late = observations.slice(1).map((x) => act(model, [x]));
    expect(late).toEqual(early.slice(1));
  });

  it('in a sequence is that of step by step, and starts anew where an episode ends', () => {
    const model = make();
    const [steps, rows] = [9, 3];
    const observations = filled(steps * rows * 2, normals(2));
    const done = Uint8Array.from({ length: steps * rows }, (_, i) => (i % 7 === 4 ? 1 : 0));
    const actions = new Float32Array(steps * rows * 3);
    const sequence = { data: observations, shape: [steps, rows, 2] };
    const { value } = model.evaluate(sequence, { data: actions, shape: [steps, rows, 3] }, { sequence: true, done });
    const single = Array.from({ length: steps }, (_, t) => {
      const data = observations.slice(t * rows * 2, (t + 1) * rows * 2);
      const result = model.act({ data, shape: [rows, 2] }, { deterministic: true }).value.dataSync();
      model.reset([rows, 2], done.slice(t * rows, (t + 1) * rows));
      return [...result];
    });
    expect([...value.dataSync()]).toEqual(single.flat());
  });
});

describe.each([0, 2])('rows, with %i substeps', (substeps) => {
  const before = threads();
  afterAll(() => setThreads(before));

  it('do not depend on the rows beside them, nor on threads', () => {
    const rows = 150;
    const [all, alone] = [make({ substeps }), make({ substeps })];
    const one = make({ substeps });
    const next = normals(4, 2);
    setThreads(1);
    for (let step = 0; step < 6; step++) {
      const data = filled(rows * 2, next);
      // From row to row windows begin at different steps.
      const fresh = Uint8Array.from({ length: rows }, (_, r) => (r % 6 === step ? 1 : 0));
      all.reset([rows, 2], fresh);
      const together = act(all, { data, shape: [rows, 2] });
      setThreads(4);
      alone.reset([rows, 2], fresh);
      expect(act(alone, { data, shape: [rows, 2] })).toEqual(together);
      setThreads(1);
    }
    // One row by itself, from the carry that it has among the others.
    const { carry } = all;
    const data = filled(rows * 2, next);
    const together = act(all, { data, shape: [rows, 2] });
    for (const r of [0, 7, 64, 149]) {
      one.carry = Object.fromEntries(
        Object.entries(carry ?? {}).map(([name, array]) => {
          const width = array.size / rows;
          return [
            name,
            {
              data: (array.dataSync() as Float32Array).slice(r * width, (r + 1) * width),
              shape: [1, ...array.shape.slice(1)],
            },
          ];
        }),
      ) as never;
      expect(act(one, { data: data.slice(2 * r, 2 * r + 2), shape: [1, 2] })).toEqual(together.slice(3 * r, 3 * r + 3));
    }
  });
});

describe('diffrax', () => {
  interface File {
    config: { solver: string; history_length: number; dt: number };
    params: { name: string; shape: number[]; data: number[] }[];
    cases: { observation_flat: number[]; reset_before?: boolean; expected: { latent: number[] } }[];
  }

  it.each(['ncde_box_reset_small_f64', 'ncde_solver_bosh3_small_f64'])('gives the same latents in %s', (name) => {
    const file = path.join(import.meta.dirname, '..', 'golden', 'lerax', `${name}.json`);
    const { config, params, cases } = JSON.parse(readFileSync(file, 'utf8')) as File;
    const [history, dt] = [config.history_length, config.dt];
    const solver = config.solver.toLowerCase() as SolverName;
    const model = Model.create('NeuralCdeOfTests', {
      ...{ observationSpaceSize: 3, actionSpaceSize: 4, latent: 4, history, dt, solver },
      ...{ hidden: 8, depth: 2, initialDepth: 2, initialWidth: 8 },
    });
    for (const { name: theirs, shape, data } of params) {
      const [, layer, part] = /^encoder\.(\w+\.layers\.\d)\.(weight|bias)$/.exec(theirs) ?? [];
      if (layer === undefined) continue;
      const [rows = 1, columns = 1] = shape;
      const ours =
        part === 'bias'
          ? data
          : Array.from({ length: data.length }, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]);
      model.parameters.set(`${layer}.${part === 'bias' ? 'bias' : 'kernel'}`, Float32Array.from(ours as number[]));
    }
    for (const { observation_flat: observation, reset_before: reset, expected } of cases) {
      if (reset) model.reset([1, 3]);
      act(model, [observation]).forEach((z, l) => {
        // float32 before the equation and after it, and a grid of the same steps in between.
        expect(Math.abs(z - (expected.latent[l] as number))).toBeLessThan(1e-6);
      });
    }
  });
});

describe('what cannot be solved', () => {
  it('is an error that says so', () => {
    // A field of large weights, driven far: among so many rows some need more steps than there are.
    const walk = (options: Partial<Options>): void => {
      const model = make({ solver: 'midpoint', ...options });
      for (const name of ['term.layers.0.kernel', 'term.layers.1.kernel'])
        model.parameters.set(
          name,
          model.parameters.get(name).map((x) => 10 * x),
        );
      const next = normals(6);
      const data = (): Float32Array => filled(400 * 2, () => 200 * next());
      for (let step = 0; step < 4; step++) act(model, { data: data(), shape: [400, 2] });
    };
    expectError(() => walk({}), 'NON_FINITE', /4096 steps.*substeps/);
    walk({ substeps: 2 });
  });

  it('is a window whose times do not grow', () => {
    const model = make();
    for (let k = 0; k < 3; k++) act(model, [[k, 1]]);
    for (const [name, data] of [
      ['age', [0, 1, 2, 0]],
      ['count', [7]],
      ['count', [1.5]],
    ] as const) {
      const carry = { ...model.carry, [name]: { data: Float32Array.from(data), shape: name === 'age' ? [1, 4] : [1] } };
      expectError(() => model.act([[1, 1]], { deterministic: true, carry: carry as never }), 'NON_FINITE');
    }
  });
});

describe('arguments', () => {
  const x = (): Node => new Trace(3).observation;

  it('of a window', () => {
    expectError(() => x().window(0), 'INVALID_ARGUMENT', 'length of window');
    expectError(() => x().window(70_000), 'INVALID_SHAPE', '65536');
    expectError(() => x().window(4, { dt: 0 }), 'INVALID_ARGUMENT', 'dt');
    expectError(() => x().window(4, { step: 1 } as never), 'UNKNOWN_OPTION', 'step');
    const observation = x();
    observation.window(2);
    expectError(() => observation.window(2), 'DUPLICATE_NAME', '"t"');
    expect(observation.window(2, { name: 'other' }).oldest.width).toBe(3);
  });

  it('of an equation', () => {
    const observation = x();
    const window = observation.window(4);
    const solve = (options: object) => () => window.oldest.neuralCde(window, { width: 4, ...options } as never);
    expectError(solve({ width: 0 }), 'INVALID_ARGUMENT', 'width of neuralCde');
    expectError(solve({ depth: -1 }), 'INVALID_ARGUMENT', 'depth of neuralCde');
    expectError(solve({ solver: 'rk4' }), 'UNKNOWN_NAME', 'solver');
    expectError(solve({ stepping: 'fixed' }), 'INVALID_ARGUMENT', 'stepping');
    expectError(solve({ stepping: { substeps: 0 } }), 'INVALID_ARGUMENT', 'substeps');
    expectError(solve({ stepping: { substeps: 2000 } }), 'INVALID_SHAPE', '4096');
    expectError(() => observation.neuralCde(observation as never, { width: 4 }), 'INVALID_ARGUMENT', 'window');
  });
});
