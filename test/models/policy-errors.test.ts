// What policies over spaces refuse: a code, the argument's name, what was expected and what came; and nothing has changed afterwards.
import { describe, expect, test } from 'vitest';
import {
  Box,
  Dict,
  Discrete,
  Model,
  MultiBinary,
  MultiDiscrete,
  type SpacePolicy,
  Tensor,
  Tuple,
} from '../../lib/index.js';
import { expectError } from '../support/errors.js';

type Code = Parameters<typeof expectError>[1];
type Refusal = [what: string, run: () => unknown, code: Code, ...words: (string | RegExp)[]];
const refuses = (rows: Refusal[]): void =>
  test.each(rows)('%s', (_, run, code, ...words) => expectError(run, code, ...words));

const names = ['MLPActorCriticPolicy', 'NCDEActorCriticPolicy'] as const;
const spaces = { observationSpace: new Box(-1, 1, [3]), actionSpace: new Discrete(4), key: 1 };
const row = [0.1, 0.2, 0.3];

describe.each(names)('%s', (name) => {
  const create = (more: object = {}): SpacePolicy =>
    Model.create(name, { ...spaces, ...more } as never) as unknown as SpacePolicy;
  const policy = create();
  const box = create({ actionSpace: new Box(-1, 1, [2, 2]) });
  const dict = create({ observationSpace: new Dict({ camera: new Box(0, 1, [2, 2]), gear: new Discrete(3) }) });
  const start = policy.reset();

  describe('as options', () =>
    refuses([
      ['no spaces', () => create({ observationSpace: undefined }), 'MISSING_OPTION', name, 'observationSpace'],
      ['no actions', () => create({ actionSpace: undefined }), 'MISSING_OPTION', name, 'actionSpace'],
      ['a size for a space', () => create({ observationSpace: 3 }), 'INVALID_ARGUMENT', 'observationSpace', 'got 3'],
      ['a bijector for a space', () => create({ actionSpace: 'box' }), 'INVALID_ARGUMENT', 'actionSpace', '"box"'],
      ['JSON of no space', () => create({ actionSpace: { type: 'Graph' } }), 'UNKNOWN_NAME', 'actionSpace', '"Graph"'],
      [
        'actions in a Dict',
        () => create({ actionSpace: new Dict({ a: new Discrete(2) }) }),
        'UNSUPPORTED',
        'actionSpace',
        'Dict',
      ],
      ['actions in a Tuple', () => create({ actionSpace: new Tuple([new Discrete(2)]) }), 'UNSUPPORTED', 'Tuple'],
      [
        'actions without numbers',
        () => create({ actionSpace: new Box(-1, 1, [0]) }),
        'INVALID_ARGUMENT',
        'actionSpace',
      ],
      [
        'observations without numbers',
        () => create({ observationSpace: new Box(-1, 1, [0]) }),
        'INVALID_ARGUMENT',
        'observationSpace',
      ],
      [
        'sizes of other models',
        () => create({ actionSpaceSize: 2 }),
        'UNKNOWN_OPTION',
        'actionSpaceSize',
        'actionSpace,',
      ],
      ['no width', () => create({ valueWidth: 0 }), 'INVALID_ARGUMENT', 'valueWidth', 'positive integer', 'got 0'],
      ['half a feature', () => create({ featureSize: 1.5 }), 'INVALID_ARGUMENT', 'featureSize', 'got 1.5'],
      [
        'a depth below zero',
        () => create({ actionDepth: -1 }),
        'INVALID_ARGUMENT',
        'actionDepth',
        'at least 0',
        'got -1',
      ],
      ['an infinite scale', () => create({ logStdInit: Infinity }), 'INVALID_ARGUMENT', 'logStdInit', 'finite'],
      ['compatibility with something else', () => create({ compat: 'sb3' }), 'UNKNOWN_NAME', 'compat', 'lerax'],
    ]));

  describe('as observations', () =>
    refuses([
      ['nothing', () => policy.call(start, undefined as never), 'MISSING_OPTION', 'observation'],
      ['too few numbers', () => policy.call(start, [1, 2]), 'INVALID_SHAPE', 'observation', '[..., 3]', '[2]'],
      [
        'a typed array between rows',
        () => policy.value(start, new Float32Array(4)),
        'INVALID_SHAPE',
        'observation',
        'rows of 3',
      ],
      ['another type', () => policy.call(start, Int32Array.of(1, 2, 3) as never), 'INVALID_DTYPE', 'float32'],
      [
        'a Dict without a part',
        () =>
          dict.value(dict.reset(), {
            camera: [
              [0, 0],
              [0, 0],
            ],
          }),
        'INVALID_ARGUMENT',
        'observation',
        '"gear" is missing',
      ],
      [
        'a part of another shape',
        () => dict.value(dict.reset(), { camera: [0, 0], gear: 1 }),
        'INVALID_SHAPE',
        'observation.camera',
        '2, 2',
      ],
      [
        'a choice there is not',
        () =>
          dict.value(dict.reset(), {
            camera: [
              [0, 0],
              [0, 0],
            ],
            gear: 3,
          }),
        'OUT_OF_RANGE',
        'observation.gear',
      ],
      [
        'parts of different batches',
        () =>
          dict.value(dict.reset(), {
            camera: [
              [0, 0],
              [0, 0],
            ],
            gear: [1, 2],
          }),
        'INVALID_SHAPE',
        'observation.gear',
      ],
      [
        'flat rows of another width',
        () => dict.value(dict.reset(), new Float32Array(6)),
        'INVALID_SHAPE',
        'observation',
        'rows of 5',
      ],
      ['NaN', () => policy.call(start, [0, Number.NaN, 0]), 'NON_FINITE', 'observation', 'column 1'],
    ]));

  describe('as actions and masks', () =>
    refuses([
      [
        'a choice there is not',
        () => policy.evaluateAction(start, row, 4),
        'OUT_OF_RANGE',
        'action',
        'from 0 to 3',
        'got 4',
      ],
      [
        'an action of another shape',
        () => box.evaluateAction(start, row, [1, 2, 3, 4]),
        'INVALID_SHAPE',
        'action',
        '[2, 2]',
        '[4]',
      ],
      ['too many actions', () => policy.evaluateAction(start, row, [1, 2]), 'INVALID_SHAPE', 'action'],
      [
        'an action that is not finite',
        () =>
          box.evaluateAction(start, row, [
            [1, 2],
            [3, Number.NaN],
          ]),
        'NON_FINITE',
        'action',
      ],
      [
        'a mask that allows nothing',
        () => policy.call(start, row, { actionMask: [0, 0, 0, 0] }),
        'INVALID_MASK',
        'allows none',
      ],
      [
        'a mask of another width',
        () => policy.call(start, row, { actionMask: [1, 1, 1] }),
        'INVALID_SHAPE',
        'mask',
        '[4]',
        '[3]',
      ],
      ['a mask of numbers', () => policy.call(start, row, { actionMask: [1, 2, 1, 1] }), 'INVALID_MASK', 'got 2'],
      [
        'a mask for a Box',
        () => box.call(start, row, { actionMask: [1, 1, 1, 1] }),
        'INVALID_ARGUMENT',
        'mask',
        'discrete',
      ],
      [
        'options nobody knows',
        () => policy.call(start, row, { mask: [1, 1, 1, 1] } as never),
        'UNKNOWN_OPTION',
        'actionMask',
      ],
      ['a key that is none', () => policy.call(start, row, { key: 0.5 }), 'INVALID_ARGUMENT', 'seed', 'got 0.5'],
    ]));

  test('a mask that leaves one component without a choice', () => {
    const several = create({ actionSpace: new MultiDiscrete([2, 3]) });
    const actionMask = [1, 1, 0, 0, 0];
    expectError(() => several.call(start, row, { actionMask }), 'INVALID_MASK', 'component 1', 'row 0');
  });

  test('bits may all be forbidden', () => {
    const bits = create({ actionSpace: new MultiBinary(3) });
    expect([...bits.call(start, row, { key: 1, actionMask: [0, 0, 0] }).action.dataSync()]).toEqual([0, 0, 0]);
  });

  test('a batch that is none', () => {
    for (const batch of [-1, 1.5, [2, -1], 'all'] as never[]) {
      expectError(() => policy.reset({ batch }), 'INVALID_SHAPE', 'batch');
    }
    expectError(() => policy.reset({ shape: [3] } as never), 'UNKNOWN_OPTION', 'batch');
  });

  test('a disposed policy', () => {
    const gone = create();
    gone.dispose();
    expectError(() => gone.call(start, row), 'DISPOSED');
  });
});

test('a state for a policy that has none', () => {
  const policy = Model.create('MLPActorCriticPolicy', spaces);
  expectError(() => policy.call({ t: 0 } as never, row), 'INVALID_ARGUMENT', 'state', 'null');
});

describe('options of NCDEActorCriticPolicy', () => {
  const create = (more: object) => Model.create('NCDEActorCriticPolicy', { ...spaces, ...more });
  refuses([
    [
      'other features than the latent',
      () => create({ featureSize: 5 }),
      'INVALID_ARGUMENT',
      'featureSize',
      'latentSize = 4',
      'got 5',
    ],
    ['a window of one', () => create({ historyLength: 1 }), 'INVALID_ARGUMENT', 'historyLength', 'at least 2', 'got 1'],
    ['no window', () => create({ historyLength: 0 }), 'INVALID_ARGUMENT', 'historyLength'],
    ['no time', () => create({ dt: 0 }), 'INVALID_ARGUMENT', 'dt', 'above 0'],
    ['time that runs back', () => create({ dt: -1 }), 'INVALID_ARGUMENT', 'dt', 'got -1'],
    ['an unknown solver', () => create({ solver: 'rk45' }), 'UNKNOWN_NAME', 'solver', 'tsit5'],
    ['steps of no kind', () => create({ stepping: 'careful' }), 'INVALID_ARGUMENT', 'stepping'],
    ['no steps', () => create({ stepping: { substeps: 0 } }), 'INVALID_ARGUMENT', 'substeps'],
    ['a field of no depth', () => create({ fieldDepth: -1 }), 'INVALID_ARGUMENT', 'fieldDepth'],
  ]);
});

describe('states of NCDEActorCriticPolicy', () => {
  const policy = Model.create('NCDEActorCriticPolicy', { ...spaces, historyLength: 3 });
  const nan = Number.NaN;
  const one = [1, 2, 3];
  const none = [nan, nan, nan];
  const state = (t: number, ts: number[], xs: number[][]) => ({ t: t, cde: { ts, xs } });
  const call = (given: unknown) => () => policy.call(given as never, row);
  refuses([
    ['nothing', call(undefined), 'INVALID_ARGUMENT', 'state', 'reset()', 'undefined'],
    ['null', call(null), 'INVALID_ARGUMENT', 'state', 'null'],
    ['no window', call({ t: 0 }), 'INVALID_ARGUMENT', 'state', '{t, cde: {ts, xs}}'],
    ['no times', call({ t: 0, cde: { xs: [one, none, none] } }), 'MISSING_OPTION', 'state.cde.ts'],
    [
      'a window of another length',
      call(state(1, [1, nan], [one, none])),
      'INVALID_SHAPE',
      'state.cde.ts',
      '[3]',
      '[2]',
    ],
    ['a state of a batch', call(policy.reset({ batch: 2 })), 'INVALID_SHAPE', 'state.t', '[2]'],
    [
      'times that stand still',
      call(state(2, [1, 1, nan], [one, one, none])),
      'INVALID_ARGUMENT',
      'state.cde.ts',
      'row 0',
      'increase',
      '1 at place 0 and 1 at place 1',
    ],
    ['times that fall', call(state(2, [2, 1, nan], [one, one, none])), 'INVALID_ARGUMENT', 'increase'],
    [
      'a next step that is not later',
      call(state(1, [1, 3, nan], [one, one, none])),
      'INVALID_ARGUMENT',
      'increase',
      'the next step',
    ],
    [
      'an observation without a time',
      call(state(1, [1, nan, nan], [one, one, none])),
      'INVALID_ARGUMENT',
      'place 1',
      'NaN',
    ],
    ['a time without an observation', call(state(2, [1, 2, nan], [one, none, none])), 'INVALID_ARGUMENT', 'place 1'],
    [
      'an empty place in front',
      call(state(1, [nan, 1, nan], [none, one, none])),
      'INVALID_ARGUMENT',
      'place 1',
      'empty',
    ],
    ['half an observation', call(state(1, [1, nan, nan], [[1, nan, 1], none, none])), 'INVALID_ARGUMENT', 'place 0'],
    ['an infinite time', call(state(1, [-Infinity, 1, nan], [one, one, none])), 'NON_FINITE', 'place 0'],
    ['no time at all', call(state(nan, [nan, nan, nan], [none, none, none])), 'NON_FINITE', 'state.t'],
    [
      'a tensor that is gone',
      () => {
        const gone = policy.reset();
        gone.t.dispose();
        policy.call(gone, row);
      },
      'DISPOSED',
    ],
    [
      'float32 that has no room for another step',
      call(state(2 ** 24, [2 ** 24, nan, nan], [one, none, none])),
      'INVALID_ARGUMENT',
      'increase',
    ],
    [
      'numbers of another type',
      call({ t: Tensor.from(Int32Array.of(1), { shape: [] }), cde: { ts: none, xs: [none, none, none] } }),
      'INVALID_DTYPE',
      'state.t',
    ],
  ]);
});
