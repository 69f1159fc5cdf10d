// What a model refuses: a code, the argument's name, what was expected and what came.
import { describe, expect, test } from 'vitest';
import {
  ActionSpace,
  BoxBijector,
  Chain,
  Exp,
  Inverse,
  MaxNorm,
  Model,
  type ModelOptions,
  Sigmoid,
  Softplus,
  Tanh,
  Tensor,
  TorsorError,
} from '../../lib/index.js';
import { expectError } from '../support/errors.js';

type Code = Parameters<typeof expectError>[1];
type Refusal = [what: string, run: () => unknown, code: Code, ...words: (string | RegExp)[]];
const refuses = (rows: Refusal[]): void =>
  test.each(rows)('%s', (_, run, code, ...words) => expectError(run, code, ...words));

const sizes = { observationSpaceSize: 3, actionSpaceSize: 2, key: 1, architecture: [4] };
const create = (more: object = {}, name = 'SharedActorCritic') =>
  Model.create(name, { ...sizes, ...more } as ModelOptions & Record<string, unknown>);
const free = create();
const box = create({ actionSpace: new BoxBijector({ low: [-1, 0], high: [1, 5] }) });
const discrete = create({ discrete: true, actionSpaceSize: 4 });
const row = [1, 2, 3];
const floats = (length: number) => new Float32Array(length);

describe('names list what exists', () =>
  refuses([
    [
      'a model',
      () => create({}, 'SharedActorCritc'),
      'UNKNOWN_NAME',
      '"SharedActorCritc"',
      'did you mean "sharedactorcritic"',
      'actorcritic, lstmactorcritic',
    ],
    [
      'a model whose name is a property of all objects',
      () => create({}, 'hasOwnProperty'),
      'UNKNOWN_NAME',
      'there are',
    ],
    ['an action space', () => create({ actionSpace: 'bxo' }), 'UNKNOWN_NAME', '"bxo"', 'did you mean "box"', 'maxnorm'],
    [
      'an action space in JSON',
      () => create({ actionSpace: { type: 'ball', kw: {} } }),
      'UNKNOWN_NAME',
      '"ball"',
      'maxnorm',
    ],
    [
      'an activation',
      () => create({ activation: 'gleu' }),
      'UNKNOWN_NAME',
      'activation',
      '"gleu"',
      'did you mean "gelu"',
      'softplus',
    ],
    [
      'a parameter',
      () => free.parameters.get('critic.kernal'),
      'UNKNOWN_NAME',
      '"critic.kernal"',
      'did you mean "critic.kernel"',
      'actor_mu.bias',
    ],
    ['a device', () => create({ device: 'gpu' }), 'UNKNOWN_NAME', 'device', '"gpu"', 'auto, cpu, cuda'],
    [
      'a model name that is taken',
      () =>
        Model.register('ActorCritic')(
          class Other extends Model {
            build = () => expect.fail();
          },
        ),
      'DUPLICATE_NAME',
      '"actorcritic"',
      'class ActorCritic',
      'registered: ',
    ],
    [
      'an action space that is taken',
      () => ActionSpace.register('Max Norm')(class Other extends Tanh {}),
      'DUPLICATE_NAME',
      '"maxnorm"',
      'class MaxNorm',
      'box',
    ],
  ]));

describe('options list what exists', () =>
  refuses([
    [
      'of a model',
      () => create({ architectur: [3] }),
      'UNKNOWN_OPTION',
      'SharedActorCritic',
      '"architectur"',
      'did you mean "architecture"',
      'criticScale',
    ],
    [
      'of the other model',
      () => create({}, 'ActorCritic'),
      'UNKNOWN_OPTION',
      'ActorCritic',
      '"architecture"',
      'actorArchitecture',
    ],
    [
      'of an action space',
      () => create({ actionSpace: { type: 'box', kw: { low: 0, high: 1, hight: 2 } } }),
      'UNKNOWN_OPTION',
      'Box',
      '"hight"',
      'did you mean "high"',
      'width',
    ],
    [
      'of the JSON of an action space',
      () => create({ actionSpace: { type: 'box', kwargs: {} } }),
      'UNKNOWN_OPTION',
      'actionSpace',
      '"kwargs"',
      'kw, type',
    ],
    [
      'of act',
      () => free.act(row, { seed: 1 } as never),
      'UNKNOWN_OPTION',
      'act',
      '"seed"',
      'deterministic, key, mask',
    ],
    [
      'of evaluate',
      () => free.evaluate(row, [0, 0], { key: 1 } as never),
      'UNKNOWN_OPTION',
      'evaluate',
      '"key"',
      'latent, mask',
    ],
    [
      'of gradient',
      () => free.gradient(row, [0, 0], { dLogprob: 1 } as never),
      'UNKNOWN_OPTION',
      'gradient',
      'did you mean "dLogProb"',
    ],
    [
      'none at all',
      () => Model.create('SharedActorCritic', undefined as never),
      'MISSING_OPTION',
      'SharedActorCritic',
      'observationSpaceSize',
    ],
    [
      'a list in place of them',
      () => Model.create('SharedActorCritic', [] as never),
      'INVALID_ARGUMENT',
      'options of SharedActorCritic',
      'an object',
    ],
  ]));

describe('sizes', () => {
  const wrong = [0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY, '3', null];
  refuses([
    ...wrong.flatMap((size): Refusal[] => [
      [
        `observationSpaceSize ${size}`,
        () => create({ observationSpaceSize: size }),
        'INVALID_ARGUMENT',
        'observationSpaceSize',
        'positive integer',
        String(size),
      ],
      [
        `actionSpaceSize ${size}`,
        () => create({ actionSpaceSize: size }),
        'INVALID_ARGUMENT',
        'actionSpaceSize',
        'positive integer',
        String(size),
      ],
      [
        `a layer of ${size}`,
        () => create({ architecture: [4, size] }),
        'INVALID_ARGUMENT',
        'architecture[1]',
        'positive integer',
        String(size),
      ],
    ]),
    [
      'no observationSpaceSize',
      () => create({ observationSpaceSize: undefined }),
      'MISSING_OPTION',
      'observationSpaceSize',
    ],
    ['no actionSpaceSize', () => create({ actionSpaceSize: undefined }), 'MISSING_OPTION', 'actionSpaceSize'],
    [
      'a layer of the critic',
      () => Model.create('ActorCritic', { observationSpaceSize: 3, actionSpaceSize: 2, criticArchitecture: [0] }),
      'INVALID_ARGUMENT',
      'criticArchitecture[0]',
      '0',
    ],
    [
      'layers that are a number',
      () => create({ architecture: 42 }),
      'INVALID_ARGUMENT',
      'architecture',
      'an array',
      '42',
    ],
    [
      'an action space of another size',
      () => create({ actionSpaceSize: 3, actionSpace: new BoxBijector({ low: [0, 0], high: [1, 1] }) }),
      'INVALID_SHAPE',
      'Box',
      '[2]',
      '3 dimensions',
    ],
    [
      'more numbers than fit',
      () => create({ observationSpaceSize: 2 ** 40 }),
      'INVALID_SHAPE',
      'at most 1073741824',
      'network.layers.0.kernel',
    ],
  ]);
});

describe('numbers that are not finite', () => {
  const scales = ['inScale', 'actorScale', 'criticScale'];
  refuses([
    ...scales.flatMap((scale): Refusal[] =>
      [Number.NaN, Number.POSITIVE_INFINITY, '1'].map((value) => [
        `${scale} ${value}`,
        () => create({ [scale]: value }),
        'INVALID_ARGUMENT',
        scale,
        'finite number',
        String(value),
      ]),
    ),
    [
      'a parameter',
      () => free.parameters.set('critic.bias', Float32Array.of(Number.NaN)),
      'NON_FINITE',
      '"critic.bias"',
      'element 0 is NaN',
    ],
    [
      'an infinite parameter',
      () => free.parameters.set('actor_mu.bias', Float32Array.of(0, Number.POSITIVE_INFINITY)),
      'NON_FINITE',
      '"actor_mu.bias"',
      'element 1 is Infinity',
    ],
    [
      'a limit of an action space',
      () => create({ actionSpace: { type: 'box', kw: { low: Number.NaN, high: 1 } } }),
      'NON_FINITE',
      'low',
      'NaN',
    ],
    [
      'an observation',
      () => free.act([row, [1, Number.NaN, 3]], { key: 1 }),
      'NON_FINITE',
      'observation: row 1, column 1 is NaN',
    ],
    [
      'an observation of forward',
      () => discrete.forward([Number.NaN, 0, 0]),
      'NON_FINITE',
      'observation: row 0, column 0 is NaN',
    ],
    [
      'an observation of evaluate',
      () => free.evaluate([0, 0, Number.NEGATIVE_INFINITY], [0, 0]),
      'NON_FINITE',
      'observation',
      '-Infinity',
    ],
    [
      'an observation of a gradient',
      () => free.gradient([0, 0, Number.NaN], [0, 0], { dValue: Float32Array.of(1) }),
      'NON_FINITE',
      'observation',
      'NaN',
    ],
    ['an action', () => free.evaluate(row, [Number.NaN, 0]), 'NON_FINITE', 'action: row 0, dimension 0 is NaN'],
    [
      'a latent',
      () => free.evaluate(row, [0, Number.POSITIVE_INFINITY], { latent: true }),
      'NON_FINITE',
      'latent',
      'dimension 1 is Infinity',
    ],
    [
      'a weight of a gradient',
      () => free.gradient(row, [0, 0], { dValue: Float32Array.of(Number.NaN) }),
      'NON_FINITE',
      'dValue',
      'NaN',
    ],
  ]);

  test('parameters that became so while nobody looked', () => {
    const model = create();
    const { offset } = model.program.parameters.find(({ name }) => name === 'actor_mu.bias') as { offset: number };
    model.native.writeParameters(Float32Array.of(1, Number.NaN), offset);
    expectError(() => model.act(row, { key: 1 }), 'NON_FINITE', 'parameter "actor_mu.bias": element 1 is NaN');
    expectError(() => model.evaluate(row, [0, 0]), 'NON_FINITE', 'parameter "actor_mu.bias"');
    expectError(() => model.forward(row), 'NON_FINITE', 'parameter "actor_mu.bias"');
  });

  test('a model that overflows without a wrong number in it', () => {
    const model = create({ activation: 'identity', architecture: [] });
    model.parameters.set('critic.kernel', Float32Array.of(3e38, 3e38, 3e38));
    expectError(() => model.act(row, { key: 1 }), 'NON_FINITE', 'value', 'Infinity', 'overflows');
  });

  test('a refused parameter leaves the old one', () => {
    const before = free.parameters.flat();
    expect(() => free.parameters.set('actor_mu.bias', Float32Array.of(1, Number.NaN))).toThrow(TorsorError);
    expect(free.parameters.flat()).toEqual(before);
  });
});

describe('shapes and types', () =>
  refuses([
    [
      'an observation that is too short',
      () => free.act([1, 2], { key: 1 }),
      'INVALID_SHAPE',
      'observation',
      '[..., 3]',
      '[2]',
    ],
    [
      'observations that are too long',
      () => free.forward([[1, 2, 3, 4]]),
      'INVALID_SHAPE',
      'observation',
      '[..., 3]',
      '[1, 4]',
    ],
    [
      'half a row',
      () => free.evaluate(new Float32Array(7), [[0, 0]]),
      'INVALID_SHAPE',
      'observation',
      'rows of 3',
      '7 numbers',
    ],
    ['a single number', () => free.forward(3), 'INVALID_SHAPE', 'observation', '[..., 3]', '[]'],
    [
      'rows of two lengths',
      () =>
        free.forward([
          [1, 2, 3],
          [1, 2],
        ]),
      'INVALID_SHAPE',
      'observation[1]',
      '3',
      '2',
    ],
    [
      'a shape that does not hold the numbers',
      () => free.forward({ data: new Float32Array(6), shape: [3, 3] }),
      'INVALID_SHAPE',
      'observation',
      '[3, 3]',
      '6',
    ],
    [
      'an observation in double precision',
      () => free.forward(new Float64Array(3) as never),
      'INVALID_DTYPE',
      'observation',
      'float32',
      'Float64Array(3)',
    ],
    [
      'a tensor of integers',
      () => free.forward(Tensor.zeros([3], { dtype: 'int32' }) as never),
      'INVALID_DTYPE',
      'observation',
      'float32',
      'int32',
    ],
    ['words', () => free.forward(['a', 'b', 'c'] as never), 'INVALID_ARGUMENT', 'observation[0]', '"a"'],
    ['nothing', () => free.forward(undefined as never), 'MISSING_OPTION', 'observation', 'undefined'],
    ['an object', () => free.forward({} as never), 'INVALID_ARGUMENT', 'observation', '{data, shape}'],
    [
      'an action for another batch',
      () => free.evaluate([row, row], [0, 0]),
      'INVALID_SHAPE',
      'action',
      '[2, 2]',
      '[2]',
    ],
    ['an action of another size', () => free.evaluate(row, [0, 0, 0]), 'INVALID_SHAPE', 'action', '[2]', '[3]'],
    ['a choice for another batch', () => discrete.evaluate([row, row], [0]), 'INVALID_SHAPE', 'action', '[2]', '[1]'],
    [
      'choices with a dimension too many',
      () => discrete.evaluate([row, row], [[0], [0]]),
      'INVALID_SHAPE',
      'action',
      '[2]',
      '[2, 1]',
    ],
    [
      'a weight for each dimension',
      () => free.gradient(row, [0, 0], { dValue: new Float32Array(2) }),
      'INVALID_SHAPE',
      'dValue',
      '1',
      '2',
    ],
    [
      'weights that are a list',
      () => free.gradient(row, [0, 0], { dValue: [1] as never }),
      'INVALID_DTYPE',
      'dValue',
      'Float32Array',
      '[1]',
    ],
    [
      'parameters of another length',
      () => free.parameters.set('critic.bias', new Float32Array(2)),
      'INVALID_SHAPE',
      '"critic.bias"',
      '[1]',
      '2',
    ],
    [
      'parameters that are a list',
      () => free.parameters.set('critic.bias', [1] as never),
      'INVALID_DTYPE',
      '"critic.bias"',
      'Float32Array',
      '[1]',
    ],
    [
      'a switch that is no boolean',
      () => create({ discrete: 1 }),
      'INVALID_ARGUMENT',
      'discrete',
      'true or false',
      '1',
    ],
    [
      'a sigma head that is no boolean',
      () => create({ actorSigmaHead: 'yes' }),
      'INVALID_ARGUMENT',
      'actorSigmaHead',
      'boolean',
      '"yes"',
    ],
    [
      'an action space that is none',
      () => create({ actionSpace: 3 }),
      'INVALID_ARGUMENT',
      'actionSpace',
      'bijector',
      '3',
    ],
    [
      'latent that is no boolean',
      () => free.evaluate(row, [0, 0], { latent: 1 as never }),
      'INVALID_ARGUMENT',
      'latent',
      'true or false',
      '1',
    ],
    [
      'deterministic that is no boolean',
      () => free.act(row, { key: 1, deterministic: 'no' as never }),
      'INVALID_ARGUMENT',
      'deterministic',
      'true or false',
      '"no"',
    ],
    ['noise without a key', () => free.act(row), 'MISSING_OPTION', 'key', 'deterministic'],
    ['a key that is none', () => free.act(row, { key: {} as never }), 'INVALID_ARGUMENT', 'key', '{}'],
    ['a key that is half a number', () => create({ key: 0.5 }), 'INVALID_ARGUMENT', 'integer', '0.5'],
  ]));

describe('masks', () =>
  refuses([
    [
      'that allow nothing',
      () => discrete.act(row, { key: 1, mask: [0, 0, 0, 0] }),
      'INVALID_MASK',
      'mask',
      'row 0 allows none of the 4',
    ],
    [
      'that allow nothing in one row of many',
      () => discrete.act([[row], [row]], { key: 1, mask: [[[0, 1, 0, 0]], [[0, 0, 0, 0]]] }),
      'INVALID_MASK',
      'row 1',
    ],
    ['of evaluate', () => discrete.evaluate(row, 0, { mask: [0, 0, 0, 0] }), 'INVALID_MASK', 'row 0'],
    ['of gradient', () => discrete.gradient(row, 0, { mask: [0, 0, 0, 0] }), 'INVALID_MASK', 'row 0'],
    [
      'of other numbers',
      () => discrete.act(row, { key: 1, mask: [0, 2, 1, 0] }),
      'INVALID_MASK',
      'action 1',
      '0 or 1',
      '2',
    ],
    ['of halves', () => discrete.act(row, { key: 1, mask: [0.5, 1, 1, 1] }), 'INVALID_DTYPE', 'mask', '0.5', 'uint8'],
    [
      'of floats',
      () => discrete.act(row, { key: 1, mask: new Float32Array(4) as never }),
      'INVALID_DTYPE',
      'mask',
      'uint8',
    ],
    ['of another shape', () => discrete.act(row, { key: 1, mask: [1, 1] }), 'INVALID_SHAPE', 'mask', '[4]', '[2]'],
    ['for continuous actions', () => free.act(row, { key: 1, mask: [1, 1] }), 'INVALID_ARGUMENT', 'mask', 'discrete'],
  ]));

describe('actions out of range', () => {
  const inSpace = (actionSpace: ModelOptions['actionSpace'], action: number[]) => () =>
    create({ actionSpace }).evaluate(row, action);
  refuses([
    [
      'above a box',
      () => box.evaluate(row, [0, 5.01]),
      'OUT_OF_RANGE',
      'row 0, dimension 1',
      'range of Box',
      '5.01',
      /nearest it reaches is 4\.99/,
    ],
    [
      'below a box',
      () =>
        box.evaluate(
          [row, row],
          [
            [0, 1],
            [-1.2, 1],
          ],
        ),
      'OUT_OF_RANGE',
      'row 1, dimension 0',
      '-1.2',
    ],
    [
      'longer than the norm',
      inSpace(new MaxNorm({ maxNorm: 1 }), [0.8, 0.8]),
      'OUT_OF_RANGE',
      'range of MaxNorm',
      '0.8',
    ],
    ['beyond tanh', inSpace('tanh', [0, 1.5]), 'OUT_OF_RANGE', 'dimension 1', '1.5', 'inverse is not finite'],
    ['the end of tanh', inSpace('tanh', [1, 0]), 'OUT_OF_RANGE', 'dimension 0', 'got 1', 'latent: true'],
    ['outside a sigmoid', inSpace(new Sigmoid(), [-0.1, 0.5]), 'OUT_OF_RANGE', 'dimension 0', '-0.1'],
    ['negative for softplus', inSpace(new Softplus(), [1, -1]), 'OUT_OF_RANGE', 'dimension 1', '-1'],
    ['negative for exp', inSpace(new Exp(), [-2, 1]), 'OUT_OF_RANGE', 'dimension 0', '-2'],
    [
      'outside a chain',
      inSpace(new Chain({ bijectors: [new Tanh(), new Inverse({ bijector: new Exp() }), new Softplus()] }), [2, 0]),
      'OUT_OF_RANGE',
      '2',
    ],
    [
      'a choice too high',
      () => discrete.evaluate([row, row], [0, 4]),
      'OUT_OF_RANGE',
      'action: row 1',
      'from 0 to 3',
      '4',
    ],
    ['a negative choice', () => discrete.evaluate(row, -1), 'OUT_OF_RANGE', 'from 0 to 3', '-1'],
    ['half a choice', () => discrete.evaluate(row, Float32Array.of(0.5)), 'OUT_OF_RANGE', 'integer', '0.5'],
    [
      'half a choice in a list',
      () => discrete.evaluate(row, [0.5] as never),
      'INVALID_DTYPE',
      'action',
      '0.5',
      'int32',
    ],
    ['a latent choice too high', () => discrete.gradient(row, 7, {}), 'OUT_OF_RANGE', 'latent', '7'],
  ]);

  test('limits themselves are in range, and latents have none', () => {
    const [low, high] = [box.evaluate(row, [-1, 0]), box.evaluate(row, [1, 5])];
    for (const { logProb } of [low, high]) expect(Number.isFinite(logProb.item())).toBe(true);
    expect(Number.isFinite(box.evaluate(row, [-30, 30], { latent: true }).logProb.item())).toBe(true);
    expect(create({ actionSpace: 'maxnorm' }).evaluate(row, [1, 0]).logProb.shape).toEqual([]);
  });

  test('what act gives, evaluate takes; where an action saturated, its latent', () => {
    for (const actionSpace of ['tanh', 'sigmoid', 'softplus', 'exp', 'maxnorm', 'gumbelcdf', 'free'] as const) {
      const model = create({ actionSpace });
      const observation = new Float32Array(3 * 2000);
      const { action } = model.act(observation, { key: 4 });
      expect(model.evaluate(observation, action).logProb.shape, actionSpace).toEqual([2000]);
      model.parameters.set('_log_std', Float32Array.of(2, 2));
      const { latent } = model.act(observation, { key: 4 });
      expect(model.evaluate(observation, latent, { latent: true }).logProb.shape, actionSpace).toEqual([2000]);
    }
  });
});

describe('after dispose', () => {
  const gone = create();
  gone.act(row, { key: 1 });
  const { parameters } = gone;
  gone.dispose();
  gone.dispose();
  const unused = create();
  unused[Symbol.dispose]();
  const tensor = Tensor.zeros([3]);
  tensor.dispose();
  const use: [string, () => unknown][] = [
    ['act', () => gone.act(row, { key: 1 })],
    ['evaluate', () => gone.evaluate(row, [0, 0])],
    ['forward', () => gone.forward(row)],
    ['gradient', () => gone.gradient(row, [0, 0], {})],
    ['bind', () => gone.bind({ observation: new Float32Array(3) } as never)],
    ['parameters', () => gone.parameters],
    ['program', () => gone.program],
    ['parameters kept from before', () => parameters.get('critic.bias')],
    ['all of them', () => parameters.flat()],
    ['writing them', () => parameters.set('critic.bias', new Float32Array(1))],
    ['a model that was never used', () => unused.forward(row)],
  ];
  refuses([
    ...use.map(([what, run]): Refusal => [what, run, 'DISPOSED', 'model was disposed']),
    ['a tensor', () => free.forward(tensor), 'DISPOSED', 'tensor', 'was disposed'],
  ]);

  const transferred = (array: Float32Array): Float32Array => {
    structuredClone(array, { transfer: [array.buffer] });
    return array;
  };
  const shrunk = (): Float32Array => {
    // The types of Node do not know resizable buffers yet.
    const Resizable = ArrayBuffer as unknown as new (bytes: number, options: { maxByteLength: number }) => ArrayBuffer;
    const buffer = new Resizable(12, { maxByteLength: 12 }) as ArrayBuffer & { resize(bytes: number): void };
    const array = new Float32Array(buffer, 0, 3);
    buffer.resize(8);
    return array;
  };
  refuses([
    [
      'an array that went to another thread',
      () => free.act(transferred(Float32Array.from(row)), { key: 1 }),
      'DISPOSED',
      'observation',
      'transferred',
    ],
    ['one whose buffer shrank', () => free.act(shrunk(), { key: 1 }), 'DISPOSED', 'observation', 'shrank'],
    ['one with a shape', () => free.act({ data: shrunk(), shape: [0, 3] }, { key: 1 }), 'DISPOSED', 'observation'],
    ['actions', () => free.evaluate(new Float32Array(0), shrunk()), 'DISPOSED', 'action'],
    ['limits of a bijector', () => new BoxBijector({ low: transferred(floats(2)), high: 1 }), 'DISPOSED', 'low'],
    ['numbers for a bijector', () => new Tanh().forward(transferred(floats(2))), 'DISPOSED', 'x'],
  ]);

  test('arrays of no rows are no arrays that are gone', () => {
    expect(free.act(new Float32Array(0), { key: 1 }).action.shape).toEqual([0, 2]);
  });

  test('a class that never built is gone as well', () => {
    const cls = Model.registered('sharedactorcritic') as new (options: ModelOptions) => Model<object>;
    const model = new cls(sizes);
    model.dispose();
    expectError(() => model.forward(row), 'DISPOSED', 'model was disposed');
  });
});
