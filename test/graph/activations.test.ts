// Activations are found by their names.
import { expect, test } from 'vitest';
import { activationName } from '../../lib/graph/activations.js';
import { expectError } from '../support/errors.js';

test('by name, however it is written', () => {
  expect(activationName('GELU')).toBe('gelu');
  expect(activationName('leaky relu')).toBe('leaky_relu');
  expect(activationName('geluExact')).toBe('gelu_exact');
});

test('unknown ones list what there is', () => {
  expectError(() => activationName('gleu'), 'UNKNOWN_NAME', 'activation', '"gleu"', 'did you mean "gelu"', 'softplus');
  expectError(() => activationName(3, 'activation of hidden'), 'INVALID_ARGUMENT', 'activation of hidden', 'number');
});
