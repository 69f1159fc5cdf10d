// Models in files: what comes back, where the class is known and where it is not, and what happens to files that are damaged.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  ActionSpace,
  BoxBijector,
  Chain,
  decodeSafetensors,
  encodeSafetensors,
  gaussian,
  Model,
  type ModelOutputs,
  memory,
  type Node,
  ScalarAffine,
  Tanh,
  TorsorError,
} from '../../lib/index.js';
import { type expectError, expectRejection } from '../support/errors.js';
import { collectGarbage } from '../support/garbage.js';
import { generator } from '../support/numbers.js';
import { runElsewhere } from '../support/process.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-saved-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fileOf = (name: string): string => path.join(folder, `${name}.safetensors`);

Model.register('of a user')(
  class OfAUser extends Model<{ hidden: number; note: string | null }> {
    static override readonly defaults = { hidden: 4, note: null };
    build(observation: Node): ModelOutputs {
      const x = observation.linear(this.options.hidden, { activation: 'mish' });
      const both = x.slice(0, 2).mul(x.slice(2, 4)).concat(observation).layerNorm({ epsilon: 1e-3 }).scale(2, -1);
      const logStd = both.parameter('log_std', [1, this.options.actionSpaceSize]);
      const { actionSpace } = this.options;
      return {
        policy: gaussian(both.linear(this.options.actionSpaceSize), { logStd, actionSpace }),
        value: both.linear(1),
      };
    }
  },
);

@ActionSpace.register('of a user')
class HalfAsFar extends Chain {
  constructor() {
    super({ bijectors: [new ScalarAffine({ scale: 0.5 }), new Tanh()] });
  }
  override get options(): Record<string, unknown> {
    return {};
  }
}

const sizes = { observationSpaceSize: 3, actionSpaceSize: 2, key: 9 };
const box = new BoxBijector({ low: [-1, -2], high: [1, 1 / 3], width: 1.3 });
const models: [string, () => Model<object>][] = [
  ['shared', () => Model.create('SharedActorCritic', { ...sizes, architecture: [5, 4], activation: 'silu' })],
  [
    'separate',
    () => Model.create('ActorCritic', { ...sizes, actionSpace: box, actorSigmaHead: true, criticScale: 0.1 }),
  ],
  ['discrete', () => Model.create('SharedActorCritic', { ...sizes, discrete: true, architecture: [] })],
  [
    'chain',
    () =>
      Model.create('ActorCritic', {
        ...sizes,
        actionSpace: new Chain({ bijectors: [new Tanh(), new ScalarAffine({ scale: 0.1 })] }),
      }),
  ],
  ['user', () => Model.create('of a user', { ...sizes, actionSpace: new HalfAsFar(), note: 'ä "quoted" note' })],
];
const observation = [
  [0.1, -2, 3],
  [1, 1, -1],
];

describe('round trips', () => {
  test.each(models)('%s: through a file', async (name, make) => {
    const model = make();
    await model.save(fileOf(name));
    const loaded = await Model.load(fileOf(name));
    expect(loaded).toBeInstanceOf(model.constructor);
    expect(loaded.typeName).toBe(model.typeName);
    expect(loaded.metadata).toEqual(model.metadata);
    expect(loaded.program).toEqual(model.program);
    expect(loaded.parameters.names).toEqual(model.parameters.names);
    expect(loaded.parameters.flat()).toEqual(model.parameters.flat());
    const [a, b] = [model.act(observation, { key: 1 }), loaded.act(observation, { key: 1 })];
    for (const key of ['action', 'latent', 'logProb', 'value'] as const)
      expect(a[key].dataSync()).toEqual(b[key].dataSync());
  });

  test.each(models)('%s: through its metadata, which is JSON', (_, make) => {
    const model = make();
    const json = JSON.parse(JSON.stringify(model.metadata));
    expect(json).toEqual(model.metadata);
    const again = Model.create(model.typeName, json);
    expect(again.metadata).toEqual(model.metadata);
    expect(again.program).toEqual(model.program);
  });

  test('metadata are the options, without key and device', () => {
    const [, , , , user] = models as [unknown, unknown, unknown, unknown, [string, () => Model<object>]];
    expect(user[1]().metadata).toEqual({
      observationSpaceSize: 3,
      actionSpaceSize: 2,
      actionSpace: { type: 'ofauser', kw: {} },
      discrete: false,
      hidden: 4,
      note: 'ä "quoted" note',
    });
  });

  test('the file is a safetensors file with one array per parameter', async () => {
    const model = Model.create('SharedActorCritic', sizes);
    await model.save(fileOf('arrays'));
    const { tensors, metadata } = decodeSafetensors(readFileSync(fileOf('arrays')), 'arrays');
    expect([...tensors.keys()].sort()).toEqual([...model.parameters.names].sort());
    expect(tensors.get('actor_mu.kernel')).toEqual({ shape: [42, 2], data: model.parameters.get('actor_mu.kernel') });
    expect(Object.keys(metadata).sort()).toEqual(['format', 'metadata', 'program', 'typeName', 'version']);
  });
});

describe('where the class is not known', () => {
  test.each(models.filter(([name]) => ['user', 'discrete'].includes(name)))(
    '%s: the stored program runs',
    async (name, make) => {
      const model = make();
      const [file, copy] = [fileOf(name), fileOf(`${name} again`)];
      await model.save(file);
      const script = path.join(import.meta.dirname, 'load-elsewhere.ts');
      const elsewhere = JSON.parse(runElsewhere(script, file, copy, JSON.stringify(observation)));
      const { policy, value } = model.forward(observation);
      const step = model.act(observation, { key: 5 });
      const ones = new Float32Array(2).fill(1);
      expect(elsewhere).toEqual({
        class: name === 'user' ? 'ProgramModel' : 'SharedActorCritic',
        typeName: model.typeName,
        metadata: model.metadata,
        names: model.parameters.names,
        policy: policy.constructor.name,
        entropy: [...policy.entropy().data],
        value: [...value.dataSync()],
        action: [...step.action.dataSync()],
        logProb: [...model.evaluate(observation, step.latent, { latent: true }).logProb.dataSync()],
        gradient: [
          ...model.gradient(observation, step.latent, { dLogProb: ones, dEntropy: ones, dValue: ones }).observation,
        ],
      });
      expect(readFileSync(copy)).toEqual(readFileSync(file));
    },
  );
});

describe('saving', () => {
  test('what cannot be saved leaves the old file whole and no other', async () => {
    const model = Model.create('SharedActorCritic', sizes);
    const file = path.join(folder, 'whole', 'model.safetensors');
    await expectRejection(model.save(file), 'IO', 'model.safetensors', 'could not be written', 'ENOENT');
    const kept = fileOf('kept');
    await model.save(kept);
    const [before, files] = [readFileSync(kept), readdirSync(folder)];
    model.native.writeParameters(Float32Array.of(1, Number.NaN), 0); // as a training that blew up would
    await expectRejection(model.save(kept), 'NON_FINITE', 'network.layers.0.kernel', 'element 1', 'NaN');
    const anonymous = new (class extends Chain {})({ bijectors: [new Tanh()] });
    const unnamed = Model.create('SharedActorCritic', { ...sizes, actionSpace: anonymous });
    await expectRejection(unnamed.save(kept), 'UNKNOWN_NAME', 'not registered', 'ActionSpace.register');
    model.dispose();
    await expectRejection(model.save(kept), 'DISPOSED', 'model was disposed');
    expect(readFileSync(kept)).toEqual(before);
    expect(readdirSync(folder)).toEqual(files);
  });

  test('a path that is none', async () => {
    await expectRejection(Model.load(3 as never), 'INVALID_ARGUMENT', 'path', 'string', '3');
    await expectRejection(Model.create('SharedActorCritic', sizes).save(undefined as never), 'MISSING_OPTION', 'path');
  });
});

interface File {
  tensors: Map<string, { shape: readonly number[]; data: Float32Array | Float64Array }>;
  metadata: Record<string, string>;
}

/** A file with something changed in it. */
async function changed(change: (file: File) => void): Promise<string> {
  await Model.create('SharedActorCritic', { ...sizes, architecture: [4] }).save(fileOf('sound'));
  const file = decodeSafetensors(readFileSync(fileOf('sound')), 'sound') as File;
  change(file);
  writeFileSync(fileOf('changed'), Buffer.concat(encodeSafetensors(file)));
  return fileOf('changed');
}

/** The metadata under `key`, changed as JSON. */
function edited(key: string, change: (json: Record<string, unknown>) => void) {
  return ({ metadata }: File): void => {
    const json = JSON.parse(metadata[key] as string);
    change(json);
    metadata[key] = JSON.stringify(json);
  };
}

const with_ = (name: string, shape: number[], data: Float32Array | Float64Array) => (file: File) =>
  void file.tensors.set(name, { shape, data });

type Refusal = [
  what: string,
  change: (file: File) => void,
  code: Parameters<typeof expectError>[1],
  ...words: string[],
];

describe('damaged files', () => {
  test.each<Refusal>([
    ['no array', ({ tensors }) => tensors.delete('critic.bias'), 'CORRUPT_FILE', '"critic.bias" is missing'],
    [
      'an array of another shape',
      with_('critic.bias', [2], new Float32Array(2)),
      'CORRUPT_FILE',
      '"critic.bias"',
      '[1]',
      '[2]',
    ],
    [
      'an array of another type',
      with_('critic.bias', [1], new Float64Array(1)),
      'CORRUPT_FILE',
      'float32',
      'Float64Array',
    ],
    ['a NaN', with_('critic.bias', [1], Float32Array.of(Number.NaN)), 'NON_FINITE', 'changed', '"critic.bias"', 'NaN'],
    ['another format', ({ metadata }) => (metadata.format = 'pt'), 'CORRUPT_FILE', 'no checkpoint of torsor'],
    ['another version', ({ metadata }) => (metadata.version = '99'), 'UNSUPPORTED_VERSION', 'version "99"', 'newer'],
    ['no version', ({ metadata }) => delete metadata.version, 'UNSUPPORTED_VERSION', 'undefined'],
    [
      'another version of the program',
      edited('program', (p) => (p.version = 7)),
      'UNSUPPORTED_VERSION',
      'program',
      '7',
    ],
    ['no type', ({ metadata }) => delete metadata.typeName, 'CORRUPT_FILE', 'no typeName'],
    ['no program', ({ metadata }) => delete metadata.program, 'CORRUPT_FILE', 'no program'],
    ['a program that is no JSON', ({ metadata }) => (metadata.program += '}'), 'CORRUPT_FILE', 'program', 'not JSON'],
    ['a program with an unknown op', edited('program', (p) => (p.instructions = [{ op: 'jump' }])), 'CORRUPT_FILE'],
    ['options that are no JSON', ({ metadata }) => (metadata.metadata = '{'), 'CORRUPT_FILE', 'metadata', 'not JSON'],
    ['options that are a list', ({ metadata }) => (metadata.metadata = '[]'), 'CORRUPT_FILE', 'metadata is no object'],
    ['an unknown option', edited('metadata', (m) => (m.depth = 3)), 'UNKNOWN_OPTION', '"depth"'],
    [
      'a program and options that disagree',
      edited('metadata', (m) => (m.architecture = [9])),
      'INVALID_ARGUMENT',
      'another model',
      'network.layers.0.kernel [3, 4]',
    ],
    [
      'an unknown bijector',
      edited('program', (p) =>
        Object.assign(p.head as object, { bijectors: [{ name: 'x', inverse: false, parameters: [] }] }),
      ),
      'INVALID_ARGUMENT',
      'another model',
    ],
  ])('%s', async (_, change, code, ...words) => {
    const file = await changed(change);
    await expectRejection(Model.load(file), code, 'changed.safetensors', ...words);
  });

  test('a class unknown here, with a bijector unknown to the core', async () => {
    const file = await changed((f) => {
      f.metadata.typeName = 'nobody';
      edited('program', (p) =>
        Object.assign(p.head as object, { bijectors: [{ name: 'x', inverse: false, parameters: [] }] }),
      )(f);
    });
    await expectRejection(Model.load(file), 'UNKNOWN_NAME', 'changed.safetensors', "bijector 'x'");
  });

  test('whatever byte is wrong or missing: an error with a code, or a model', async () => {
    await Model.create('SharedActorCritic', { ...sizes, architecture: [4] }).save(fileOf('sound'));
    const sound = readFileSync(fileOf('sound'));
    const next = generator(4);
    await collectGarbage();
    const before = memory();
    for (let trial = 0; trial < 400; trial++) {
      const bytes = Uint8Array.from(sound);
      if (trial % 4 === 0) writeFileSync(fileOf('flipped'), bytes.subarray(0, Math.floor(next() * bytes.length)));
      else {
        for (let k = 0; k < 1 + (trial % 3); k++) bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256);
        writeFileSync(fileOf('flipped'), bytes);
      }
      const outcome = await Model.load(fileOf('flipped')).catch((error: unknown) => error);
      if (outcome instanceof Model) outcome.dispose();
      else {
        expect(outcome, `trial ${trial}`).toBeInstanceOf(TorsorError);
        expect((outcome as TorsorError).code, (outcome as TorsorError).message).not.toBe('NATIVE');
        if (trial % 4 === 0) expect((outcome as TorsorError).code).toBe('CORRUPT_FILE');
      }
    }
    expect(memory()).toEqual(before);
  });
});

test('saving and loading gives back what it took', async () => {
  await collectGarbage();
  const before = memory();
  const model = Model.create('SharedActorCritic', sizes);
  await model.save(fileOf('memory'));
  const loaded = await Model.load(fileOf('memory'));
  expect(memory().buffers).toBeGreaterThan(before.buffers);
  loaded.act([1, 2, 3], { key: 1 });
  model.dispose();
  loaded.dispose();
  expect(memory()).toEqual(before);
});
