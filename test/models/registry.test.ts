// Models by name: the three ways to register, look-up, and what goes wrong.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  gaussian,
  Model,
  type ModelOptions,
  type ModelOutputs,
  type Node,
  SharedActorCritic,
} from '../../lib/index.js';
import { expectError } from '../support/errors.js';

const sizes = { observationSpaceSize: 3, actionSpaceSize: 2 };

abstract class Plain extends Model<{ hidden: number }> {
  static override readonly defaults: { hidden: number } = { hidden: 5 };
  build(observation: Node): ModelOutputs {
    const x = observation.linear(this.options.hidden, { name: 'hidden' }).tanh();
    const logStd = x.parameter('log_std', [this.options.actionSpaceSize]);
    return { policy: gaussian(x.linear(this.options.actionSpaceSize), { logStd }), value: x.linear(1) };
  }
}

function works(name: string, cls: unknown): void {
  const model = Model.create(name, { ...sizes, hidden: 4 });
  expect(model).toBeInstanceOf(cls);
  expect(model.parameters.shape('hidden.kernel')).toEqual([3, 4]);
  expect(model.act([1, 2, 3], { key: 1 }).action.shape).toEqual([2]);
  model.dispose();
}

describe('registering', () => {
  test('as a decorator of the legacy form, which is what vite makes of it', () => {
    @Model.register('legacy form')
    class Legacy extends Plain {}
    works('Legacy_Form', Legacy);
    expect(Model.create('legacyform', sizes).typeName).toBe('legacyform');
  });

  test('as a standard decorator, which is what tsc makes of it', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'torsor-decorator-'));
    try {
      writeFileSync(
        path.join(folder, 'user.mts'),
        `export function define(Model: any, Plain: any) {
           @Model.register('standard form')
           class Standard extends Plain {}
           return Standard;
         }`,
      );
      const tsc = path.join(import.meta.dirname, '../../node_modules/typescript/bin/tsc');
      const options = ['--target', 'ES2022', '--module', 'NodeNext', '--outDir', folder, '--types', ''];
      const run = spawnSync(process.execPath, [tsc, ...options, 'user.mts'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(run.stdout).toBe('');
      const { define } = await import(/* @vite-ignore */ path.join(folder, 'user.mjs'));
      expect(String(define)).toContain('kind: "class"'); // the compiler did not lower it to the legacy form
      works('standard form', define(Model, Plain));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('as a plain call, under the name of the class', () => {
    class PlainCall extends Plain {}
    expect(Model.register()(PlainCall)).toBe(PlainCall);
    works('plain_call', PlainCall);
  });

  test('a class defined anew replaces the old one', () => {
    const define = () => class CellOfANotebook extends Plain {};
    Model.register('notebook')(define());
    const again = Model.register('notebook')(define());
    works('notebook', again);
  });

  test('a failed registration leaves the registry as it was', () => {
    class Intruder extends Plain {}
    const names = Model.names;
    expectError(
      () => Model.register('shared-actor-critic')(Intruder),
      'DUPLICATE_NAME',
      '"sharedactorcritic"',
      'class SharedActorCritic',
    );
    expectError(() => Model.register('other')(SharedActorCritic), 'DUPLICATE_NAME', '"sharedactorcritic"', '"other"');
    expect(Model.names).toEqual(names);
    expect(Model.create('SharedActorCritic', sizes)).toBeInstanceOf(SharedActorCritic);
    expect(Model.registered('intruder')).toBeUndefined();
  });

  test('what is no class is refused', () => {
    expectError(() => Model.register('x')({} as never), 'INVALID_ARGUMENT', 'class as model', 'object');
    expectError(() => Model.register(5 as never), 'INVALID_ARGUMENT', 'name of a model', 'number');
  });
});

describe('looking up', () => {
  test('ignores case, spaces, underscores and hyphens', () => {
    for (const name of ['SharedActorCritic', 'shared_actor_critic', 'shared-actor critic', 'SHARED ACTOR CRITIC'])
      expect(Model.create(name, sizes).typeName).toBe('sharedactorcritic');
  });

  test('an unknown name lists what there is, and the nearest', () => {
    expectError(
      () => Model.create('SharedActorCrtic', sizes),
      'UNKNOWN_NAME',
      'no model is registered as "SharedActorCrtic"',
      'did you mean "sharedactorcritic"',
      'actorcritic, ',
    );
    expectError(() => Model.create(3 as unknown as string, sizes), 'INVALID_ARGUMENT', 'name of a model', 'number');
  });

  test('a class that was never registered has its own name', () => {
    class Unregistered extends Plain {}
    expect(new Unregistered(sizes).typeName).toBe('Unregistered');
  });
});

describe('options of a class', () => {
  class Parent extends Plain {
    static override readonly defaults = { hidden: 3, depth: 1, name: 'x', list: [1], more: { a: 1 }, any: undefined };
  }
  class Child extends Parent {
    static override readonly defaults = { ...Parent.defaults, hidden: 9 };
  }
  const make = (more: object) => new Child({ ...sizes, ...more } as ModelOptions);

  test('are those it extends, with its own defaults before theirs', () => {
    expect(make({ depth: 2 }).options).toMatchObject({
      hidden: 9,
      depth: 2,
      name: 'x',
      discrete: false,
      actionSpace: null,
    });
  });

  test('cannot be changed afterwards', () => {
    expect(() => Object.assign(make({}).options, { hidden: 1 })).toThrow(TypeError);
  });

  test('undefined stands for the default', () => {
    expect(make({ hidden: undefined, discrete: undefined, actionSpace: undefined }).options.hidden).toBe(9);
  });

  test.each([
    [{ hiden: 1 }, 'UNKNOWN_OPTION', ['Child has no option "hiden"', 'did you mean "hidden"', 'actionSpace, ']],
    [{ hidden: '4' }, 'INVALID_ARGUMENT', ['hidden: expected a finite number', '"4"']],
    [{ hidden: Number.NaN }, 'INVALID_ARGUMENT', ['hidden', 'NaN']],
    [{ name: 4 }, 'INVALID_ARGUMENT', ['name: expected a string, as its default "x", got 4']],
    [{ list: 4 }, 'INVALID_ARGUMENT', ['list: expected an array', 'got 4']],
    [{ more: [4] }, 'INVALID_ARGUMENT', ['more: expected an object', 'got [4]']],
  ] as const)('%j is refused', (more, code, words) => expectError(() => make(more), code, ...words));
});
