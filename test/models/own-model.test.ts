// A model of the user's own: built once, run and trained natively, and mistakes in it named.
import { describe, expect, test } from 'vitest';
import {
  BoxBijector,
  categorical,
  gaussian,
  initializers,
  Model,
  type ModelOptions,
  type ModelOutputs,
  type Node,
} from '../../lib/index.js';
import { expectError } from '../support/errors.js';
import { filled, normals } from '../support/numbers.js';

const sizes = { observationSpaceSize: 4, actionSpaceSize: 2, key: 1 };

class Attentive extends Model<{ width: number }> {
  static override readonly defaults = { width: 8 };
  static builds = 0;
  build(observation: Node): ModelOutputs {
    Attentive.builds++;
    const { width, actionSpaceSize, actionSpace } = this.options;
    const gate = observation.linear(width, { name: 'gate' }).sigmoid();
    const x = observation.linear(width).gelu().mul(gate).layerNorm().concat(observation);
    const std = x
      .linear(actionSpaceSize, { biasInitializer: initializers.constant(-1) })
      .softplus()
      .add(0.5);
    return { policy: gaussian(x.linear(actionSpaceSize), { std, actionSpace }), value: x.linear(1) };
  }
}

class Choosing extends Model {
  build(observation: Node): ModelOutputs {
    return {
      policy: categorical(observation.linear(16).activation('mish').linear(this.options.actionSpaceSize)),
      value: observation.linear(1),
    };
  }
}

type Step = (model: Model<object>) => { loss: number; gradient: Record<string, Float32Array> };

/** Mean of -log p(actions) + (value - 1)² over fixed data, by evaluate, and its gradient. */
function objective(model: Model<object>, rows: number): ReturnType<Step> {
  const next = normals(8);
  const { actionSpaceSize: n, discrete } = model.options;
  const observation = { data: filled(rows * 4, next), shape: [rows, 4] };
  const target = (row: number): number => ((observation.data[row * 4] as number) > 0 ? 1 : 0);
  const latent = discrete
    ? Int32Array.from({ length: rows }, (_, row) => target(row))
    : Float32Array.from({ length: rows * n }, (_, i) => 0.5 - target(Math.floor(i / n)) + 0.3 * next());
  const { logProb, value } = model.evaluate(
    observation,
    { data: latent, shape: discrete ? [rows] : [rows, n] },
    { latent: true },
  );
  const [p, v] = [logProb.dataSync(), value.dataSync()];
  const loss = p.reduce((sum, x, r) => sum - x + ((v[r] as number) - 1) ** 2, 0) / rows;
  const { parameters } = model.gradient(
    observation,
    { data: latent, shape: discrete ? [rows] : [rows, n] },
    {
      dLogProb: p.map(() => -1 / rows),
      dValue: v.map((x) => (2 * (x - 1)) / rows),
    },
  );
  return { loss, gradient: parameters };
}

describe('training', () => {
  test.each<[string, () => Model<object>]>([
    ['continuous actions', () => new Attentive(sizes)],
    ['actions in a box', () => new Attentive({ ...sizes, actionSpace: new BoxBijector({ low: -1, high: 1 }) })],
    ['discrete actions', () => new Choosing({ ...sizes, discrete: true })],
  ])('%s: steps against the gradient lower the loss', (_, make) => {
    const model = make();
    const losses: number[] = [];
    for (let step = 0; step < 60; step++) {
      const { loss, gradient } = objective(model, 100);
      losses.push(loss);
      for (const [name, values] of Object.entries(gradient)) {
        const parameter = model.parameters.get(name);
        model.parameters.set(
          name,
          parameter.map((x, i) => x - 0.02 * (values[i] as number)),
        );
      }
    }
    expect(losses[1]).toBeLessThan(losses[0] as number);
    expect(losses.at(-1)).toBeLessThan((losses[0] as number) - 0.5);
    model.dispose();
  });

  test('gradients have the names and sizes of the parameters, and are 0 where the loss looks at nothing', () => {
    const model = new Attentive(sizes);
    const { parameters, observation } = model.gradient([[1, 2, 3, 4]], [[0.1, 0.2]], {});
    expect(Object.keys(parameters)).toEqual(model.parameters.names);
    for (const name of model.parameters.names) {
      expect(parameters[name]?.length).toBe(model.parameters.get(name).length);
      expect(parameters[name]?.every((x) => x === 0)).toBe(true);
    }
    expect(observation).toEqual(new Float32Array(4));
  });
});

describe('build', () => {
  test('is called once, at first use', () => {
    Attentive.builds = 0;
    const model = new Attentive(sizes);
    expect(Attentive.builds).toBe(0);
    model.act([1, 2, 3, 4], { key: 1 });
    model.act([1, 2, 3, 4], { key: 2 });
    model.parameters.flat();
    expect(Attentive.builds).toBe(1);
  });

  test('sees the options, and starts parameters as it says', () => {
    const model = new Attentive({ ...sizes, width: 3 });
    expect(model.parameters.shape('gate.kernel')).toEqual([4, 3]);
    expect([...model.parameters.get('linear_1.bias')]).toEqual([-1, -1]);
  });

  const built = (build: (x: Node) => unknown) => (): unknown => {
    class Mistaken extends Model {
      build(observation: Node): ModelOutputs {
        return build(observation) as ModelOutputs;
      }
    }
    return new Mistaken(sizes as ModelOptions).program;
  };
  const policy = (x: Node) => gaussian(x.linear(2), { logStd: x.parameter('s', [2]) });

  test.each<[string, (x: Node) => unknown, Parameters<typeof expectError>[1], ...string[]]>([
    ['nothing returned', () => undefined, 'INVALID_ARGUMENT', 'build must return', 'undefined'],
    ['no policy', (x) => ({ value: x.linear(1) }), 'INVALID_ARGUMENT', 'build must return', 'gaussian'],
    ['a node as policy', (x) => ({ policy: x, value: x.linear(1) }), 'INVALID_ARGUMENT', 'build must return'],
    ['no value', (x) => ({ policy: policy(x) }), 'INVALID_ARGUMENT', 'value', 'a node', 'undefined'],
    ['a value of two numbers', (x) => ({ policy: policy(x), value: x.linear(2) }), 'INVALID_SHAPE', 'value', 'width 2'],
    ['no scale', (x) => ({ policy: gaussian(x, {}), value: x }), 'INVALID_ARGUMENT', 'gaussian', 'logStd or std'],
    ['two scales', (x) => ({ policy: gaussian(x, { std: x, logStd: x }) }), 'INVALID_ARGUMENT', 'logStd or std'],
    [
      'a scale of another width',
      (x) => ({ policy: gaussian(x, { std: x.slice(1) }) }),
      'INVALID_SHAPE',
      'gaussian',
      'width 4',
      '3',
    ],
    [
      'a scale that is a number',
      (x) => ({ policy: gaussian(x, { std: 1 as never }) }),
      'INVALID_ARGUMENT',
      'gaussian',
      '1',
    ],
    ['a mean that is none', (x) => ({ policy: gaussian(3 as never, { std: x }) }), 'INVALID_ARGUMENT', 'mean', '3'],
    [
      'logits that are none',
      (x) => ({ policy: categorical(3 as never), value: x.linear(1) }),
      'INVALID_ARGUMENT',
      'logits',
      '3',
    ],
    [
      'an unknown option',
      (x) => ({ policy: gaussian(x, { sd: x } as never) }),
      'UNKNOWN_OPTION',
      'gaussian',
      '"sd"',
      'std',
    ],
    [
      'an action space of another size',
      (x) => ({ policy: gaussian(x, { std: x, actionSpace: new BoxBijector({ low: [0, 0], high: [1, 1] }) }) }),
      'INVALID_SHAPE',
      'Box',
      '4 dimensions',
    ],
    [
      'an action space that is none',
      (x) => ({ policy: gaussian(x, { std: x, actionSpace: 'box' as never }) }),
      'INVALID_ARGUMENT',
      'actionSpace',
      'bijector',
      '"box"',
    ],
    ['a name twice', (x) => [x.linear(1, { name: 'a' }), x.linear(1, { name: 'a' })], 'DUPLICATE_NAME', '"a.kernel"'],
    [
      'an initializer of another length',
      (x) => ({ policy: policy(x), value: x.linear(1, { name: 'v', kernelInitializer: () => new Float32Array(3) }) }),
      'INVALID_SHAPE',
      '"v.kernel"',
      '[4, 1]',
      'got 3',
    ],
    [
      'an initializer that gives NaN',
      (x) => ({
        policy: policy(x),
        value: x.linear(1, { name: 'v', biasInitializer: () => Float32Array.of(Number.NaN) }),
      }),
      'NON_FINITE',
      '"v.bias"',
      'NaN',
    ],
    [
      'an initializer that gives a list',
      (x) => ({ policy: policy(x), value: x.linear(1, { name: 'v', biasInitializer: () => [0] as never }) }),
      'INVALID_DTYPE',
      '"v.bias"',
      'Float32Array',
      '[0]',
    ],
    [
      'more ops than fit',
      (x) => {
        let y = x;
        for (let k = 0; k < 5000; k++) y = y.scale(1, 1);
        return { policy: policy(y), value: y.linear(1) };
      },
      'INVALID_ARGUMENT',
      'operations',
    ],
  ])('%s', (_, build, code, ...words) => expectError(built(build), code, ...words));

  test('an error of the user comes through as it is', () => {
    expect(
      built(() => {
        throw new RangeError('mine');
      }),
    ).toThrow(RangeError);
  });
});
