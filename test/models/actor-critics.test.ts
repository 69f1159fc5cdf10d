// SharedActorCritic and ActorCritic: every option and its default, names and shapes of parameters, how they start.
import { describe, expect, test } from 'vitest';
import { ActorCritic, BoxBijector, Key, MaxNorm, Model, SharedActorCritic } from '../../lib/index.js';

const sizes = { observationSpaceSize: 5, actionSpaceSize: 3 };

function shapes(model: Model<object>): Record<string, readonly number[]> {
  const { parameters } = model;
  return Object.fromEntries(parameters.names.map((name) => [name, parameters.shape(name)]));
}

const common = {
  normalizeObservations: false,
  ...sizes,
  inScale: Math.SQRT2,
  actorScale: 1,
  criticScale: 0.01,
  actorSigmaHead: false,
  logStdBounds: null,
  logStdGradient: 'zero',
  activation: 'gelu',
  actionSpace: null,
  discrete: false,
};

test('defaults are those of the reference', () => {
  expect(new SharedActorCritic(sizes).options).toEqual({ ...common, architecture: [42, 42, 42] });
  expect(new ActorCritic(sizes).options).toEqual({
    ...common,
    actorArchitecture: [42, 42, 42],
    criticArchitecture: [42, 42, 42],
  });
});

describe('parameters have the names and shapes of the reference', () => {
  const torso = (name: string, widths: number[], from = 5): Record<string, number[]> =>
    Object.fromEntries(
      widths.flatMap((width, k) => [
        [`${name}.layers.${2 * k}.kernel`, [k === 0 ? from : (widths[k - 1] as number), width]],
        [`${name}.layers.${2 * k}.bias`, [width]],
      ]),
    );
  const mean = (features: number) => ({ 'actor_mu.kernel': [features, 3], 'actor_mu.bias': [3] });

  test('SharedActorCritic', () => {
    expect(shapes(new SharedActorCritic(sizes))).toEqual({
      ...torso('network', [42, 42, 42]),
      ...mean(42),
      _log_std: [1, 3],
      'critic.kernel': [42, 1],
      'critic.bias': [1],
    });
  });

  test('ActorCritic', () => {
    expect(shapes(new ActorCritic({ ...sizes, actorArchitecture: [8, 7], criticArchitecture: [6, 4, 2] }))).toEqual({
      ...torso('actor_torso', [8, 7]),
      ...mean(7),
      _log_std: [1, 3],
      ...torso('critic', [6, 4, 2, 1]),
    });
  });

  test('with a sigma head', () => {
    const { _log_std, ...rest } = shapes(new SharedActorCritic({ ...sizes, architecture: [6], actorSigmaHead: true }));
    expect(_log_std).toBeUndefined();
    expect(rest).toMatchObject({ 'actor_sigma.net.layers.0.kernel': [6, 3], 'actor_sigma.net.layers.0.bias': [3] });
    const separate = shapes(new ActorCritic({ ...sizes, actorArchitecture: [6], actorSigmaHead: true }));
    expect(separate['actor_sigma.net.layers.0.kernel']).toEqual([6, 3]);
  });

  test('discrete actions have logits and no sigma', () => {
    for (const actorSigmaHead of [false, true]) {
      const names = Object.keys(shapes(new SharedActorCritic({ ...sizes, discrete: true, actorSigmaHead })));
      expect(names.filter((name) => /sigma|log_std/.test(name))).toEqual([]);
      expect(names).toContain('actor_mu.kernel');
    }
  });

  test('without hidden layers the heads read the observation', () => {
    expect(shapes(new SharedActorCritic({ ...sizes, architecture: [] }))).toEqual({
      'actor_mu.kernel': [5, 3],
      'actor_mu.bias': [3],
      _log_std: [1, 3],
      'critic.kernel': [5, 1],
      'critic.bias': [1],
    });
    const separate = new ActorCritic({ ...sizes, actorArchitecture: [], criticArchitecture: [] });
    expect(Object.keys(shapes(separate)).sort()).toEqual(
      ['_log_std', 'actor_mu.bias', 'actor_mu.kernel', 'critic.layers.0.bias', 'critic.layers.0.kernel'].sort(),
    );
  });

  test('count counts them, and the arena holds them with zeros between', () => {
    const model = new SharedActorCritic({ ...sizes, architecture: [6] });
    const { parameters, program } = model;
    expect(parameters.count).toBe(5 * 6 + 6 + 6 * 3 + 3 + 3 + 6 + 1);
    const arena = parameters.flat();
    expect(arena.length).toBe(program.parameterCount);
    for (const { name, offset } of program.parameters) {
      const values = parameters.get(name);
      expect(arena.subarray(offset, offset + values.length)).toEqual(values);
      arena.fill(0, offset, offset + values.length);
    }
    expect(arena.every((x) => x === 0)).toBe(true);
  });
});

/** The largest |product - identity · scale²| of the columns, or of the rows where there are fewer. */
function departure(values: Float32Array, [rows, columns]: readonly number[], scale: number): number {
  const [r, c] = [rows as number, columns as number];
  const at = (vector: number, i: number) => (c <= r ? values[i * c + vector] : values[vector * c + i]) as number;
  const [count, length] = c <= r ? [c, r] : [r, c];
  let worst = 0;
  for (let a = 0; a < count; a++) {
    for (let b = 0; b <= a; b++) {
      let product = 0;
      for (let i = 0; i < length; i++) product += at(a, i) * at(b, i);
      worst = Math.max(worst, Math.abs(product - (a === b ? scale * scale : 0)));
    }
  }
  return worst / scale ** 2;
}

describe('initial parameters', () => {
  const options = { ...sizes, actorSigmaHead: true, inScale: 3, actorScale: 0.5, criticScale: 0.2, key: 7 };
  const models: [string, Model<object>][] = [
    ['SharedActorCritic', new SharedActorCritic({ ...options, architecture: [16, 4, 9] })],
    ['ActorCritic', new ActorCritic({ ...options, actorArchitecture: [16, 4], criticArchitecture: [3, 12] })],
    ['SharedActorCritic with defaults', new SharedActorCritic({ ...sizes, actorSigmaHead: true })],
  ];

  test.each(models)('%s: kernels are orthogonal and of the scale of their place, biases 0', (_, model) => {
    const { inScale, actorScale, criticScale } = model.options as unknown as typeof options;
    const last = model.parameters.names.filter((name) => name.startsWith('critic.') && name.endsWith('kernel')).at(-1);
    for (const name of model.parameters.names) {
      const values = model.parameters.get(name);
      if (name.endsWith('kernel')) {
        const critic = name === last || name.startsWith('actor_sigma');
        const scale = critic ? criticScale : name.startsWith('actor_mu') ? actorScale : inScale;
        expect(departure(values, model.parameters.shape(name), scale), name).toBeLessThan(1e-5);
      } else {
        const expected = name.startsWith('actor_sigma') ? -1 : 0;
        expect([...new Set(values)], name).toEqual([expected]);
      }
    }
  });

  test('log_std starts at 0: a standard deviation of 1', () => {
    const model = new SharedActorCritic(sizes);
    expect([...model.parameters.get('_log_std')]).toEqual([0, 0, 0]);
    const { policy } = model.forward([1, 2, 3, 4, 5]);
    expect([...(policy as { stddev(): { data: Float32Array } }).stddev().data]).toEqual([1, 1, 1]);
  });

  test('the sigma head starts near softplus(-1)', () => {
    const { policy } = new SharedActorCritic({ ...sizes, actorSigmaHead: true }).forward([1, 0, -1, 0.5, 0]);
    for (const std of (policy as { stddev(): { data: Float32Array } }).stddev().data)
      expect(std).toBeCloseTo(0.31326, 1);
  });

  test('are a function of the key, and no two kernels are alike', () => {
    const make = (key: Key | number | bigint) => new ActorCritic({ ...sizes, key });
    expect(make(3).parameters.flat()).toEqual(make(new Key(3)).parameters.flat());
    expect(make(3n).parameters.flat()).toEqual(make(3).parameters.flat());
    expect(make(3).parameters.flat()).not.toEqual(make(4).parameters.flat());
    const { parameters } = make(3);
    expect(parameters.get('actor_torso.layers.0.kernel')).not.toEqual(parameters.get('critic.layers.0.kernel'));
  });
});

describe('each option reaches the program', () => {
  const variants = (model: Model<object>) => model.program.instructions.flatMap(({ variant }) => variant ?? []);

  test('activation', () => {
    const shared = new SharedActorCritic({ ...sizes, activation: 'silu', architecture: [4, 4] });
    expect(variants(shared)).toEqual(['silu', 'silu', 'identity', 'identity']);
    const separate = new ActorCritic({
      ...sizes,
      activation: 'tanh',
      actorArchitecture: [4],
      criticArchitecture: [4, 4],
    });
    expect(variants(separate)).toEqual(['tanh', 'identity', 'tanh', 'tanh', 'identity']);
  });

  test('the sigma head ends in a softplus and gives a standard deviation', () => {
    const { program } = new SharedActorCritic({ ...sizes, architecture: [4], actorSigmaHead: true });
    expect(variants(new SharedActorCritic({ ...sizes, architecture: [4], actorSigmaHead: true }))).toContain(
      'softplus',
    );
    expect(program.head.scale).toBe('std');
    expect(new SharedActorCritic(sizes).program.head.scale).toBe('log_std');
  });

  test.each([
    ['a bijector', new BoxBijector({ low: -2, high: 2 })],
    ['a name with options', { type: 'box', kw: { low: -2, high: 2 } }],
  ])('an action space: %s', (_, actionSpace) => {
    const model = Model.create('SharedActorCritic', { ...sizes, actionSpace });
    expect(model.options.actionSpace).toBeInstanceOf(BoxBijector);
    expect(model.program.head.bijectors).toMatchObject([{ name: 'box', inverse: false }]);
    const { action } = model.act(new Float32Array(50 * 5), { key: 1 });
    expect(Math.max(...action.dataSync().map(Math.abs))).toBeLessThan(2);
  });

  test('an action space by its name alone', () => {
    expect(new SharedActorCritic({ ...sizes, actionSpace: 'max_norm' }).options.actionSpace).toBeInstanceOf(MaxNorm);
    expect(new SharedActorCritic({ ...sizes, actionSpace: 'free' }).program.head.bijectors).toMatchObject([
      { name: 'identity' },
    ]);
  });

  test('a discrete model has no action space, even where one was given', () => {
    const model = new SharedActorCritic({ ...sizes, discrete: true, actionSpace: 'maxnorm' });
    expect(model.options.actionSpace).toBeNull();
    expect(model.program.head).toEqual({ kind: 'categorical', inputs: model.program.head.inputs });
  });
});
