// Argument checks: what passes, and that messages carry the user's words.
import { describe, expect, test } from 'vitest';
import * as check from '../../lib/core/check.js';
import { TorsorError } from '../../lib/core/errors.js';
import { expectError } from '../support/errors.js';

describe('numbers', () => {
  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '3', null, 2 ** 53])(
    '%s is no positive integer',
    (value) => {
      expectError(() => check.positiveInteger('hidden', value), 'INVALID_ARGUMENT', 'hidden', 'positive integer');
    },
  );

  test('what is missing is said to be missing', () => {
    expectError(() => check.positiveInteger('hidden', undefined), 'MISSING_OPTION', 'hidden', 'nothing');
  });

  test('good values come back', () => {
    expect(check.positiveInteger('n', 1)).toBe(1);
    expect(check.nonNegativeInteger('n', 0)).toBe(0);
    expect(check.finite('x', -2.5)).toBe(-2.5);
    expect(check.within('x', 1, 0, 1)).toBe(1);
    expect(check.positiveIntegers('layers', [])).toEqual([]);
  });

  test('ranges and finiteness', () => {
    expectError(() => check.finite('rate', Number.NaN), 'INVALID_ARGUMENT', 'rate', 'NaN');
    expectError(() => check.positive('rate', 0), 'INVALID_ARGUMENT', 'rate', 'above 0');
    expectError(() => check.within('gamma', 1.01, 0, 1), 'INVALID_ARGUMENT', 'gamma', 'from 0 to 1');
    expectError(() => check.within('gamma', Number.NaN, 0, 1), 'INVALID_ARGUMENT', 'NaN');
  });

  test('numbers are those of float32', () => {
    for (const value of [1e39, 1e-46])
      expectError(() => check.positive('rate', value), 'INVALID_ARGUMENT', 'rate', 'float32', String(value));
    expectError(() => check.within('scale', 1e39, 0, Number.MAX_VALUE), 'INVALID_ARGUMENT', 'scale', 'float32');
    for (const value of [1e-45, 3.4e38]) expect(check.positive('rate', value)).toBe(value);
    expect(check.within('scale', 0, 0, 1)).toBe(0);
    // Nearest float32: above the bound.
    expect(check.within('scale', 0.1, 0, 0.1)).toBe(0.1);
  });

  test('an array names its element', () => {
    expectError(() => check.positiveIntegers('layers', [4, 0]), 'INVALID_ARGUMENT', 'layers[1]');
  });
});

describe('names and options', () => {
  test('an unknown choice lists the choices and the nearest', () => {
    expectError(
      () => check.oneOf('activation', 'gleu', ['gelu', 'relu', 'tanh']),
      'UNKNOWN_NAME',
      'activation',
      'did you mean "gelu"',
      'gelu, relu, tanh',
    );
  });

  test('nothing near, nothing suggested', () => {
    expect(check.unknown('zzzzzzzz', ['gelu', 'relu'])).not.toMatch('did you mean');
  });

  test('an unknown option names its owner', () => {
    expectError(() => check.options('PPO', { gama: 1 }, ['gamma', 'lambda']), 'UNKNOWN_OPTION', 'PPO', 'gama', 'gamma');
    expectError(() => check.options('PPO', [], ['gamma']), 'INVALID_ARGUMENT', 'options of PPO');
    expect(check.options('PPO', undefined, [])).toEqual({});
  });
});

describe('typed arrays', () => {
  test('type and length are told apart', () => {
    expectError(
      () => check.float32('obs', new Float64Array(2)),
      'INVALID_DTYPE',
      'obs',
      'Float32Array',
      'Float64Array',
    );
    expectError(() => check.float32('obs', new Float32Array(2), 3), 'INVALID_SHAPE', 'obs', '3', '2');
    expectError(() => check.int32('a', [1]), 'INVALID_DTYPE', 'Int32Array');
    expectError(() => check.uint8('mask', undefined), 'MISSING_OPTION', 'mask');
  });

  test('the first element that is not finite', () => {
    expect(check.firstNonFinite([1, Number.NaN, 3])).toBe(1);
    expect(check.firstNonFinite([1, 2])).toBe(-1);
  });
});

describe('TorsorError', () => {
  test('what the native core throws keeps a known code and becomes NATIVE otherwise', () => {
    const known = TorsorError.from(Object.assign(new Error('bad'), { code: 'INVALID_SHAPE' }));
    expect(known).toBeInstanceOf(TorsorError);
    expect([known.code, known.message, known.name]).toEqual(['INVALID_SHAPE', 'bad', 'TorsorError']);
    expect(TorsorError.from(Object.assign(new Error('bad'), { code: 'ENOENT' })).code).toBe('NATIVE');
    expect(TorsorError.from(known)).toBe(known);
    expect(TorsorError.from('text').message).toBe('text');
  });
});
