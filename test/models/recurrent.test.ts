// Models with a memory: single steps and sequences, reset, carries given and assigned, bound steps, files, and what is refused.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type Carry,
  type CarryInput,
  categorical,
  LSTMActorCritic,
  Model,
  readCheckpoint,
  writeCheckpoint,
} from '../../lib/index.js';
import { expectError, expectRejection } from '../support/errors.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-carry-'));
afterAll(() => rmSync(folder, { recursive: true }));

const own: Record<string, object> = {
  LSTMActorCritic: { lstmFeatures: 5 },
  MinGRUActorCritic: { gruFeatures: 5, numLayers: 2 },
};

function make(name: string, more: object = {}): Model {
  return Model.create(name, {
    observationSpaceSize: 3,
    actionSpaceSize: 2,
    hiddenFeatures: 4,
    key: 1,
    ...own[name],
    ...more,
  });
}

function waves(count: number, k = 1): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(k * i + 1));
}

const shaped = (...shape: number[]) => ({ data: waves(shape.reduce((a, b) => a * b, 1)), shape });

function numbers(carry: Carry | null | undefined): Record<string, number[]> {
  return Object.fromEntries(Object.entries(carry ?? {}).map(([name, array]) => [name, [...array.dataSync()]]));
}

describe.each(['LSTMActorCritic', 'MinGRUActorCritic'])('%s', (name) => {
  const rest = name === 'LSTMActorCritic' ? [5] : [2, 5];

  it('remembers from step to step, and starts from zeros', () => {
    const model = make(name);
    const first = model.evaluate(shaped(4, 3), shaped(4, 2)).value.dataSync();
    expect(model.carry?.h?.shape).toEqual([4, ...rest]);
    expect(model.evaluate(shaped(4, 3), shaped(4, 2)).value.dataSync()).not.toEqual(first);
    model.reset([4, 3]);
    expect(model.evaluate(shaped(4, 3), shaped(4, 2)).value.dataSync()).toEqual(first);
  });

  it.each([[[]], [[4]], [[2, 3]]])(
    'takes observations of leading dimensions %j, and starts anew where they change',
    (batch) => {
      const model = make(name);
      model.act(shaped(7, 3), { key: 1 });
      const { value } = model.act(shaped(...batch, 3), { key: 1 });
      expect(value.shape).toEqual([...batch, 1]);
      expect(model.carry?.h?.shape).toEqual([...batch, ...rest]);
      expect(value.dataSync()).toEqual(
        make(name)
          .act(shaped(...batch, 3), { key: 1 })
          .value.dataSync(),
      );
    },
  );

  it('is the same in a sequence, with ends of episodes after their step', () => {
    const model = make(name);
    const [observation, action] = [shaped(6, 2, 3, 3), shaped(6, 2, 3, 2)];
    const done = { data: Uint8Array.from({ length: 36 }, (_, i) => (i % 5 === 2 ? 1 : 0)), shape: [6, 2, 3] };
    const whole = model.evaluate(observation, action, { latent: true, sequence: true, done });
    const { policy } = model.forward(observation, { sequence: true, done });
    expect(policy.batchShape).toEqual([6, 2, 3]);
    let carry: CarryInput | null = null;
    for (let t = 0; t < 6; t++) {
      const step = (array: { data: Float32Array; shape: number[] }) => {
        const width = array.data.length / 6;
        return { data: array.data.slice(t * width, (t + 1) * width), shape: array.shape.slice(1) };
      };
      const seen = model.evaluate(step(observation), step(action), { latent: true, ...(carry && { carry }) });
      const want = whole.logProb.dataSync().slice(t * 6, t * 6 + 6);
      seen.logProb.dataSync().forEach((x, i) => {
        expect(x).toBeCloseTo(want[i] as number, 5);
      });
      // Rows of two leading dimensions are cleared by hand: reset knows the first only.
      const after = seen.carry ?? (model.carry as Carry);
      carry = Object.fromEntries(
        Object.entries(after).map(([part, array]) => {
          const data = array.dataSync().slice();
          const width = data.length / 6;
          for (let i = 0; i < 6; i++) if (done.data[t * 6 + i]) data.fill(0, i * width, (i + 1) * width);
          return [part, { data, shape: array.shape }];
        }),
      );
    }
  });

  it('reads and writes no carry of its own in a sequence', () => {
    const model = make(name);
    model.act(shaped(2, 3), { key: 1 });
    const before = numbers(model.carry);
    model.forward(shaped(5, 2, 3), { sequence: true });
    model.gradient(shaped(5, 2, 3), shaped(5, 2, 2), { sequence: true });
    model.gradient(shaped(2, 3), shaped(2, 2), {});
    expect(numbers(model.carry)).toEqual(before);
  });

  it('takes a sequence of no steps', () => {
    const { value } = make(name).forward({ data: new Float32Array(), shape: [0, 2, 3] }, { sequence: true });
    expect(value.shape).toEqual([0, 2, 1]);
  });

  it('reset: another shape, all, and a mask along the first dimension', () => {
    const model = make(name);
    const filled = () => {
      model.reset([3, 2, 3]);
      model.act(shaped(3, 2, 3), { key: 1 });
      return numbers(model.carry).h as number[];
    };
    filled();
    model.reset([2, 3], [1, 1]);
    expect(model.carry?.h?.shape).toEqual([2, ...rest]);
    filled();
    model.reset([3, 2, 3]);
    expect(
      Object.values(numbers(model.carry))
        .flat()
        .every((x) => x === 0),
    ).toBe(true);
    const before = filled();
    model.reset([3, 2, 3], Uint8Array.of(1, 0, 7));
    const third = before.length / 3;
    const zeros = new Array(third).fill(0);
    expect(numbers(model.carry).h).toEqual([...zeros, ...before.slice(third, 2 * third), ...zeros]);
    filled();
    model.reset([3, 2, 3], [true]);
    expect((numbers(model.carry).h as number[]).every((x) => x === 0)).toBe(true);
  });

  it('refuses masks that do not fit, and leaves the carry as it was', () => {
    const model = make(name);
    model.act(shaped(3, 3), { key: 1 });
    const before = numbers(model.carry);
    expectError(() => model.reset([3, 3], [1, 0]), 'INVALID_MASK', 'mask');
    expectError(() => model.reset([3, 3], 1 as never), 'INVALID_MASK', 'mask');
    expectError(() => model.reset([3, 3], [[1, 0, 1]]), 'INVALID_MASK', 'mask');
    expectError(() => model.reset([]), 'INVALID_SHAPE');
    expect(numbers(model.carry)).toEqual(before);
  });

  it('a carry can be passed, and leaves that of the model alone', () => {
    const model = make(name);
    model.act(shaped(2, 3), { key: 1 });
    const before = model.carry as Carry;
    const given = model.act(shaped(2, 3), { key: 5, carry: before });
    expect(numbers(model.carry)).toEqual(numbers(before));
    const kept = model.act(shaped(2, 3), { key: 5 });
    expect(kept.carry).toBeUndefined();
    expect(given.logProb.dataSync()).toEqual(kept.logProb.dataSync());
    expect(numbers(given.carry)).toEqual(numbers(model.carry));
    model.carry = before;
    expect(model.act(shaped(2, 3), { key: 5 }).value.dataSync()).toEqual(kept.value.dataSync());
  });

  it('refuses carries of other names, shapes and numbers, and leaves its own as it was', () => {
    const model = make(name);
    model.act(shaped(2, 3), { key: 1 });
    const before = model.carry as Carry;
    const other = { ...before, h: { data: waves(rest.reduce((a, b) => a * b, 3)), shape: [3, ...rest] } };
    const nan = {
      ...before,
      h: {
        data: new Float32Array(other.h.data.length - other.h.data.length / 3).fill(Number.NaN),
        shape: [2, ...rest],
      },
    };
    for (const [carry, code] of [
      [other, 'INVALID_SHAPE'],
      [nan, 'NON_FINITE'],
      [{ ...before, z: other.h }, 'INVALID_ARGUMENT'],
      [[1, 2], 'INVALID_ARGUMENT'],
    ] as const) {
      expectError(() => model.act(shaped(2, 3), { key: 1, carry: carry as CarryInput }), code, 'carry');
      expectError(
        () => model.forward(shaped(4, 2, 3), { sequence: true, initialCarry: carry as CarryInput }),
        code,
        'initialCarry',
      );
    }
    expectError(() => (model.carry = nan), 'NON_FINITE', 'carry.h');
    expectError(() => (model.carry = null), 'INVALID_ARGUMENT', 'carry');
    expectError(() => model.act(Float32Array.of(0, 0, 0, 1, Number.NaN, 1), { key: 1 }), 'NON_FINITE', 'observation');
    expect(numbers(model.carry)).toEqual(numbers(before));
  });

  it('refuses options of sequences that mean nothing', () => {
    const model = make(name);
    const carry = model.carry as Carry;
    expectError(() => model.forward(shaped(3), { sequence: true }), 'INVALID_SHAPE', 'time');
    expectError(() => model.forward(shaped(2, 3), { done: [0, 1] }), 'INVALID_ARGUMENT', 'sequence');
    expectError(() => model.forward(shaped(3), { initialCarry: carry }), 'INVALID_ARGUMENT', 'sequence');
    expectError(() => model.forward(shaped(2, 3), { sequence: true, carry }), 'INVALID_ARGUMENT', 'initialCarry');
    expectError(() => model.forward(shaped(2, 3), { sequence: true, done: [0, 1, 1] }), 'INVALID_SHAPE', 'done');
    expectError(() => model.forward(shaped(2, 3), { sequence: true, done: [0, 2] }), 'INVALID_ARGUMENT', 'done');
  });

  it('bound steps carry on in an array of their own', () => {
    const model = make(name);
    const observation = waves(6);
    const buffers = {
      observation,
      action: new Float32Array(4),
      logProb: new Float32Array(2),
      value: new Float32Array(2),
      key: 3,
    };
    const step = model.bind(buffers);
    const values: number[][] = [];
    for (let k = 0; k < 3; k++) {
      step.step();
      values.push([...buffers.value]);
      step.reset(1);
    }
    const [first, , third] = values as [number[], number[], number[]];
    expect(third[1]).toBe(first[1]);
    expect(third[0]).not.toBe(first[0]);
    step.reset();
    step.step();
    expect([...buffers.value]).toEqual(first);
    expect((numbers(model.carry).h as number[]).every((x) => x === 0)).toBe(true);
    const carry = new Float32Array(2 * (step.carry.length / 2));
    model.bind({ ...buffers, carry }).step();
    expect(carry).toEqual(step.carry);
    expectError(() => model.bind({ ...buffers, carry: new Float32Array(3) }), 'INVALID_SHAPE', 'carry');
  });

  it('a file keeps the carry, and an unknown class runs from it', async () => {
    const model = make(name);
    model.act(shaped(2, 3), { key: 1 });
    const file = path.join(folder, `${name}.safetensors`);
    await model.save(file);
    const checkpoint = await readCheckpoint(file);
    const unknown = path.join(folder, `${name}-unknown.safetensors`);
    await writeCheckpoint(unknown, { ...checkpoint, metadata: { ...checkpoint.metadata, typeName: 'nobody knows' } });
    for (const from of [file, unknown]) {
      const loaded = await Model.load(from);
      expect(numbers(loaded.carry)).toEqual(numbers(model.carry));
      expect(loaded.program).toEqual(model.program);
      const { carry } = model;
      const want = model.act(shaped(2, 3), { key: 4, carry });
      expect(loaded.act(shaped(2, 3), { key: 4 }).logProb.dataSync()).toEqual(want.logProb.dataSync());
    }
    checkpoint.tensors.set('carry/h', {
      shape: [2, ...rest],
      data: new Float32Array(rest.reduce((a, b) => a * b, 2)).fill(Number.NaN),
    });
    const broken = path.join(folder, 'broken.safetensors');
    await writeCheckpoint(broken, checkpoint);
    await expectRejection(Model.load(broken), 'NON_FINITE', 'carry');
  });
});

it('MinGRU: entries of the initial carry of a sequence that are not positive count as zero and get no gradient', () => {
  const model = make('MinGRUActorCritic', { numLayers: 1 });
  const h = Float32Array.of(0.5, 0, -3, 1e-9, 0.2);
  const sequence = { sequence: true, initialCarry: { h: { data: h, shape: [1, 5] } } };
  const zero = { sequence: true, initialCarry: { h: { data: h.map((x) => (x > 1e-8 ? x : 0)), shape: [1, 5] } } };
  const value = (options: object) => model.forward(shaped(4, 3), options).value.dataSync();
  expect(value(sequence)).toEqual(value(zero));
  const dValue = new Float32Array(4).fill(1);
  const { carry } = model.gradient(shaped(4, 3), shaped(4, 2), { ...sequence, dValue });
  expect([...(carry?.h?.dataSync() ?? [])].map((x) => x !== 0)).toEqual([true, false, false, false, true]);
});

it('models without a memory: no carry, a reset that does nothing', () => {
  const model = Model.create('ActorCritic', { observationSpaceSize: 3, actionSpaceSize: 2 });
  expect(model.carry).toBeNull();
  model.carry = null;
  model.reset([4, 3], [1, 0, 0, 0]);
  expect(model.forward(shaped(2, 4, 3), { sequence: true }).value.shape).toEqual([2, 4, 1]);
  expectError(() => (model.carry = { h: [1] }), 'INVALID_ARGUMENT', 'memory');
  expectError(() => model.act(shaped(3), { key: 1, carry: { h: [1] } }), 'INVALID_ARGUMENT', 'memory');
});

it('a kernel of an LSTM lies right behind the other; old programs have version 1', () => {
  for (const hiddenFeatures of [3, 16]) {
    const { program } = new LSTMActorCritic({
      observationSpaceSize: 3,
      actionSpaceSize: 2,
      hiddenFeatures,
      lstmFeatures: 5,
    });
    const [input, hidden] = ['cell.dense_i.kernel', 'cell.dense_h.kernel'].map((n) =>
      program.parameters.find((p) => p.name === n),
    );
    expect(hidden?.offset).toBe((input?.offset ?? 0) + hiddenFeatures * 20);
    expect(program.version).toBe(2);
  }
  expect(Model.create('ActorCritic', { observationSpaceSize: 3, actionSpaceSize: 2 }).program.version).toBe(1);
});

describe('states of a model of the user', () => {
  const build = (body: (x: Parameters<Model['build']>[0]) => ReturnType<Model['build']>) => {
    class Mine extends Model {
      build(x: Parameters<Model['build']>[0]) {
        return body(x);
      }
    }
    return new Mine({ observationSpaceSize: 3, actionSpaceSize: 3, discrete: true });
  };

  it('what a state becomes has to be said once, with its width', () => {
    const head = (x: Parameters<Model['build']>[0]) => ({ policy: categorical(x), value: x.linear(1) });
    const saying = (said: (x: Parameters<Model['build']>[0]) => unknown) =>
      build((x) => {
        said(x);
        return head(x);
      });
    expectError(() => build((x) => head(x.add(x.state('s', 3)))).program, 'INVALID_ARGUMENT', '"s"', 'becomes');
    expectError(() => saying((x) => x.state('s', 2).becomes(x)).program, 'INVALID_SHAPE', '"s"');
    expectError(() => saying((x) => x.becomes(x)).program, 'INVALID_ARGUMENT', 'state');
    expectError(() => saying((x) => x.state('s', 3).state('s', 3)).program, 'DUPLICATE_NAME', '"s"');
    const twice = build((x) => {
      const s = x.state('s', 3);
      s.becomes(x);
      s.becomes(x);
      return head(s);
    });
    expectError(() => twice.program, 'INVALID_ARGUMENT', '"s"');
  });

  it('a state nobody reads is dropped; one that becomes itself stays zero', () => {
    const model = build((x) => {
      x.state('unread', 3).becomes(x);
      const still = x.state('still', 3);
      still.becomes(still);
      return { policy: categorical(x.add(still)), value: still.slice(0, 1) };
    });
    expect(Object.keys(model.carry ?? {})).toEqual(['still']);
    expect([...model.forward(shaped(2, 3)).value.dataSync()]).toEqual([0, 0]);
    expect(numbers(model.carry).still).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
