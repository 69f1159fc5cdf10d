// Anything in place of any argument: a result or a TorsorError, never another error, and never the end of the process.
import { describe, expect, test } from 'vitest';
import { Trace } from '../../lib/graph/trace.js';
import {
  ActionSpace,
  Bernoulli,
  bernoulli,
  categorical,
  gaussian,
  Model,
  type ModelOptions,
  MultiCategorical,
  multiCategorical,
  SquashedNormal,
  type StepBuffers,
  Tensor,
  TorsorError,
} from '../../lib/index.js';

const names = Model.names;
const disposed = Tensor.zeros([3]);
disposed.dispose();

const nonsense: Record<string, unknown> = {
  undefined: undefined,
  null: null,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-1': -1,
  '0.5': 0.5,
  '1e300': 1e300,
  '2^31': 2 ** 31,
  '3n': 3n,
  'a huge integer': 2n ** 200n,
  'an empty string': '',
  'a string': 'x',
  __proto__: '__proto__',
  true: true,
  'an empty list': [],
  'an empty list in a list': [[]],
  'a list with a hole': [1, undefined, 3],
  'a list of strings': ['1', '2', '3'],
  'a list that is its own element': (() => {
    const list: unknown[] = [];
    list.push(list);
    return list;
  })(),
  'an object': {},
  'an object without prototype': Object.create(null),
  'data without shape': { data: new Float32Array(3) },
  'shape without data': { shape: [3], data: undefined },
  'a wrong shape': { data: new Float32Array(3), shape: [Number.NaN] },
  'a function': () => 1,
  'a symbol': Symbol('x'),
  'a date': new Date(0),
  'no floats': new Float32Array(0),
  'seven floats': new Float32Array(7),
  'floats that are not finite': Float32Array.of(Number.NaN, 1, Number.POSITIVE_INFINITY),
  'enormous floats': Float32Array.of(3e38, -3e38, 3e38),
  doubles: new Float64Array(3),
  integers: Int32Array.of(-5, 2 ** 31 - 1, 0),
  bytes: new Uint8Array(3),
  'big integers': new BigInt64Array(3),
  'a view of bytes': new DataView(new ArrayBuffer(12)),
  'a buffer': new ArrayBuffer(12),
  'a tensor that is gone': disposed,
  'a tensor of another size': Tensor.zeros([2, 5]),
};

const sizes = { observationSpaceSize: 3, actionSpaceSize: 2, architecture: [4], key: 1 };
const make = (more: object = {}) => Model.create('SharedActorCritic', { ...sizes, ...more });
const [free, box, discrete] = [
  make(),
  make({ actionSpace: { type: 'box', kw: { low: -1, high: 1 } } }),
  make({ discrete: true }),
];
const models = { free, box, discrete };
const observation = Float32Array.of(1, 2, 3);
const actionOf = (model: Model<object>) => (model === discrete ? Int32Array.of(1) : Float32Array.of(0.1, 0.2));
const buffers = (model: Model<object>) => ({
  observation,
  action: model === discrete ? new Int32Array(1) : new Float32Array(2),
  logProb: new Float32Array(1),
  value: new Float32Array(1),
  latent: new Float32Array(model === discrete ? 1 : 2),
  key: 1,
});
const node = () => new Trace(3).observation;
type Model_ = typeof free;

/** Calls that put one thing where it does not belong. */
const calls: Record<string, (x: never) => unknown> = {
  'Model.create': (x) => Model.create(x as string, sizes),
  'options of a model': (x) => Model.create('ActorCritic', x),
  ...Object.fromEntries(
    Object.keys({ ...free.options, key: 1, device: 1 }).map((name) => [
      `option ${name}`,
      (x: never) => make({ [name]: x }),
    ]),
  ),
  'ActionSpace.create': (x) => ActionSpace.create(x),
  'options of an action space': (x) => ActionSpace.create('box', x),
  'a limit': (x) => ActionSpace.create('box', { low: x, high: 1 }),
  'kw in JSON': (x) => make({ actionSpace: { type: 'maxnorm', kw: x } }),
  'parameters.get': (x) => free.parameters.get(x),
  'parameters.set': (x) => free.parameters.set('critic.bias', x),
  'a parameter of': (x) => free.parameters.set(x, new Float32Array(1)),
  ...Object.fromEntries(
    Object.entries(models).flatMap(([kind, model]: [string, Model_]) => {
      const action = actionOf(model);
      const calls: [string, (x: never) => unknown][] = [
        ['forward', (x) => model.forward(x)],
        ['act', (x) => model.act(x, { key: 1 })],
        ['options of act', (x) => model.act(observation, x)],
        ['key', (x) => model.act(observation, { key: x })],
        ['mask', (x) => model.act(observation, { key: 1, mask: x })],
        ['deterministic', (x) => model.act(observation, { key: 1, deterministic: x })],
        ['observation of evaluate', (x) => model.evaluate(x, action)],
        ['action', (x) => model.evaluate(observation, x)],
        ['latent', (x) => model.evaluate(observation, x, { latent: true })],
        ['options of evaluate', (x) => model.evaluate(observation, action, x)],
        ['observation of gradient', (x) => model.gradient(x, action, {})],
        ['latent of gradient', (x) => model.gradient(observation, x, {})],
        ['options of gradient', (x) => model.gradient(observation, action, x)],
        ['a weight', (x) => model.gradient(observation, action, { dLogProb: x })],
        ['buffers', (x) => model.bind(x)],
        ...[...Object.keys(buffers(model)), 'mask', 'deterministic'].map((name): [string, (x: never) => unknown] => [
          `bind ${name}`,
          (x) => model.bind({ ...buffers(model), [name]: x } as StepBuffers).step(),
        ]),
      ];
      return calls.map(([name, run]) => [`${name}, ${kind}`, run]);
    }),
  ),
  'size of linear': (x) => node().linear(x),
  'options of linear': (x) => node().linear(2, x),
  kernelInitializer: (x) => node().linear(2, { kernelInitializer: x }),
  'an activation': (x) => node().activation(x),
  add: (x) => node().add(x),
  mul: (x) => node().mul(x),
  sub: (x) => node().sub(x),
  scale: (x) => node().scale(1, x),
  concat: (x) => node().concat(x),
  'start of a slice': (x) => node().slice(x),
  'end of a slice': (x) => node().slice(0, x),
  'options of layerNorm': (x) => node().layerNorm(x),
  epsilon: (x) => node().layerNorm({ epsilon: x }),
  'name of a parameter': (x) => node().parameter(x, [1]),
  'shape of a parameter': (x) => node().parameter('p', x),
  gaussian: (x) => gaussian(x, { logStd: node() }),
  'options of gaussian': (x) => gaussian(node(), x),
  logStd: (x) => gaussian(node(), { logStd: x }),
  'actionSpace of gaussian': (x) => gaussian(node(), { std: node(), actionSpace: x }),
  categorical: (x) => categorical(x),
  multiCategorical: (x) => multiCategorical(x, [3]),
  'sizes of multiCategorical': (x) => multiCategorical(node(), x),
  bernoulli: (x) => bernoulli(x),
  'options of bernoulli': (x) => bernoulli(node(), x),
  'logits of Bernoulli': (x) => new Bernoulli({ logits: x }),
  'logits of MultiCategorical': (x) => new MultiCategorical({ logits: x }),
  'sizes of MultiCategorical': (x) => new MultiCategorical({ logits: [0, 1], sizes: x }),
  'mask of MultiCategorical': (x) => new MultiCategorical({ logits: [0, 1], sizes: [2], mask: x }),
  'loc of SquashedNormal': (x) => new SquashedNormal({ loc: x }),
  'low of SquashedNormal': (x) => new SquashedNormal({ low: x }),
  'what build returns': (x) =>
    new (class extends Model {
      build = () => x;
    })(sizes as ModelOptions).program,
  'Model.register': (x) => {
    Model.register(x);
  },
  'the class of Model.register': (x) => Model.register('nonsense')(x),
  'Tensor.from': (x) => Tensor.from(x).dispose(),
  'Tensor.view': (x) => Tensor.view(x),
  'shape of a view': (x) => Tensor.view(observation, x),
  'options of a tensor': (x) => Tensor.from([1, 2, 3], x),
  'dtype of a tensor': (x) => Tensor.from([1, 2, 3], { dtype: x }),
  'shape of zeros': (x) => Tensor.zeros(x),
  copyFrom: (x) => Tensor.zeros([3]).copyFrom(x),
};

describe('one wrong thing', () => {
  test.each(Object.keys(calls))('as %s', (name) => {
    for (const [what, thing] of Object.entries(nonsense)) {
      try {
        (calls[name] as (x: unknown) => unknown)(thing);
      } catch (error) {
        if (!(error instanceof TorsorError)) throw new Error(`${what}: ${error}`, { cause: error });
        expect(error.code, `${what}: ${error.message}`).not.toBe('NATIVE');
      }
    }
  });
});

test('of a promise, it is a rejection', async () => {
  for (const [what, thing] of Object.entries(nonsense)) {
    if (typeof thing === 'string' && thing !== '') continue; // names of files
    for (const run of [() => Model.load(thing as never), () => free.save(thing as never)]) {
      const error = await run().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error, what).toBeInstanceOf(TorsorError);
    }
  }
});

test('afterwards all is as it was', () => {
  expect(Model.names).toEqual(names);
  expect(free.act(observation, { key: 1 }).action.shape).toEqual([2]);
});
