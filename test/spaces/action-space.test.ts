// ActionSpace: names, options, JSON, and what happens to wrong ones.
import { expect, test } from 'vitest';
import { Box } from '../../lib/bijectors/box.js';
import { Chain } from '../../lib/bijectors/chain.js';
import { Free } from '../../lib/bijectors/identity.js';
import { MaxNorm } from '../../lib/bijectors/max-norm.js';
import { Shift } from '../../lib/bijectors/scalar-affine.js';
import { Tanh } from '../../lib/bijectors/tanh.js';
import { ActionSpace } from '../../lib/spaces/action-space.js';
import { expectError } from '../support/errors.js';

test('names compare without case, spaces, underscores and hyphens', () => {
  for (const name of ['maxnorm', 'MaxNorm', 'max_norm', 'Max-Norm', 'max norm']) {
    expect(ActionSpace.create(name, { maxNorm: 2 })).toBeInstanceOf(MaxNorm);
  }
  expect(ActionSpace.create('free')).toBeInstanceOf(Free);
  expect(ActionSpace.names).toContain('box');
});

test('a bijector is taken as it is; JSON makes one, with others inside', () => {
  const box = new Box({ low: -1, high: 2 });
  expect(ActionSpace.create(box)).toBe(box);
  expect(ActionSpace.create(box.metadata).sameAs(box)).toBe(true);
  const chain = ActionSpace.create('chain', { bijectors: [new Tanh(), { type: 'shift', kw: { shift: 1 } } as never] });
  expect(chain.sameAs(new Chain({ bijectors: [new Tanh(), new Shift({ shift: 1 })] }))).toBe(true);
});

test('metadata has every option, as JSON', () => {
  expect(new Box({ low: [-1, 0], high: 2 }).metadata).toEqual({
    type: 'box',
    kw: { low: [-1, 0], high: 2, width: 1, eps: 1e-6 },
  });
  expect(new MaxNorm({ maxNorm: 6 }).metadata).toEqual({ type: 'maxnorm', kw: { maxNorm: 6, eps: 1e-6 } });
  expect(new Free().metadata).toEqual({ type: 'free', kw: {} });
});

test('a class of the user', () => {
  @ActionSpace.register('my-space')
  class MySpace extends Chain {
    readonly size: number;
    constructor({ size = 1 }: { size?: number } = {}) {
      super({ bijectors: [new Box({ low: -size, high: size }), new Shift({ shift: 0.1 })] });
      this.size = size;
    }
    override get options() {
      return { size: this.size };
    }
  }
  const space = ActionSpace.create('My Space', { size: 3 });
  expect(space).toBeInstanceOf(MySpace);
  expect(space.metadata).toEqual({ type: 'myspace', kw: { size: 3 } });
  expect(ActionSpace.create(space.metadata).sameAs(space)).toBe(true);
  expect(space.native(2).map(({ name }) => name)).toEqual(['scalar_affine', 'box']);
});

test('wrong names and options', () => {
  expectError(() => ActionSpace.create('bax'), 'UNKNOWN_NAME', 'bax', 'box', 'maxnorm');
  expectError(() => ActionSpace.create('box', { low: 0, hihg: 1 } as never), 'UNKNOWN_OPTION', 'hihg', 'high');
  expectError(() => ActionSpace.create('box', 3 as never), 'INVALID_ARGUMENT', 'options', 'box');
  expectError(() => ActionSpace.create(3 as never), 'INVALID_ARGUMENT', 'action space', '3');
  const before = ActionSpace.names;
  expectError(() => ActionSpace.register('box')(class Other extends Tanh {}), 'DUPLICATE_NAME', 'box');
  expectError(() => ActionSpace.register('another name')(Tanh), 'DUPLICATE_NAME', 'tanh');
  expect(ActionSpace.names).toEqual(before);
});
