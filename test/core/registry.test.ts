// Names, duplicates and the three ways to register.
import { describe, expect, test } from 'vitest';
import { normalize, Registry } from '../../lib/core/registry.js';
import { expectError } from '../support/errors.js';

class Animal {}

describe('normalize', () => {
  test('drops spaces, underscores, hyphens and case; keeps dots and digits', () => {
    expect(normalize('shared_actor-critic')).toBe(normalize('Shared Actor Critic'));
    expect(normalize('v1.2_x')).toBe('v1.2x');
  });
});

describe('registering', () => {
  test('as a decorator', () => {
    const animals = new Registry<Animal>('animal');
    @animals.register('big cat')
    class Lion extends Animal {}
    expect(animals.get('Big_Cat')).toBe(Lion);
    expect(animals.keyOf(new Lion())).toBe('bigcat');
    expect(animals.keyOf(Lion)).toBe('bigcat');
  });

  test('as a standard decorator, with its context', () => {
    const animals = new Registry<Animal>('animal');
    class Lion extends Animal {}
    expect(animals.register('lion')(Lion, { kind: 'class', name: 'Lion' })).toBe(Lion);
    expect(animals.get('lion')).toBe(Lion);
  });

  test('as a plain call, under the name of the class', () => {
    const animals = new Registry<Animal>('animal');
    class SeaLion extends Animal {}
    animals.register()(SeaLion);
    expect(animals.names).toEqual(['sealion']);
  });

  test('an empty name is a name', () => {
    const animals = new Registry<Animal>('animal');
    animals.register('')(class Nobody extends Animal {});
    expect(animals.has('')).toBe(true);
  });

  test('the same class twice, and its newer version, are accepted', () => {
    const animals = new Registry<Animal>('animal');
    const make = () => class Lion extends Animal {};
    const [first, second] = [make(), make()];
    animals.register('lion')(first);
    animals.register('lion')(first);
    animals.register('lion')(second);
    expect(animals.get('lion')).toBe(second);
    expect(animals.names).toEqual(['lion']);
  });

  test('a failed registration leaves the registry as it was', () => {
    const animals = new Registry<Animal>('animal');
    class Lion extends Animal {}
    class Tiger extends Animal {}
    animals.register('lion')(Lion);
    expectError(() => animals.register('LION')(Tiger), 'DUPLICATE_NAME', 'lion', 'class Lion');
    expectError(() => animals.register('other')(Lion), 'DUPLICATE_NAME', 'already registered as animal "lion"');
    expect(animals.names).toEqual(['lion']);
    expect(animals.get('lion')).toBe(Lion);
    expect(animals.keyOf(Tiger)).toBeUndefined();
  });

  test('two anonymous classes do not replace each other', () => {
    const animals = new Registry<Animal>('animal');
    animals.register('x')((() => class {})());
    expectError(() => animals.register('x')((() => class {})()), 'DUPLICATE_NAME', 'anonymous');
  });

  test('what is no class is refused', () => {
    const animals = new Registry<Animal>('animal');
    expectError(() => animals.register('x')({} as never), 'INVALID_ARGUMENT', 'class');
    expectError(() => animals.register(3 as never), 'INVALID_ARGUMENT', 'string');
  });
});

describe('looking up', () => {
  test('an unknown name lists what there is and the nearest', () => {
    const animals = new Registry<Animal>('animal');
    animals.register('lion')(class Lion extends Animal {});
    animals.register('tiger')(class Tiger extends Animal {});
    expectError(() => animals.get('lino'), 'UNKNOWN_NAME', '"lino"', 'did you mean "lion"', 'lion, tiger');
    expectError(() => animals.get(undefined as never), 'INVALID_ARGUMENT', 'string');
  });

  test('names of Object.prototype are not found', () => {
    expectError(() => new Registry('animal').get('constructor'), 'UNKNOWN_NAME', 'none');
  });
});
