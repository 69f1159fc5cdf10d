// Expecting a TorsorError: its code, and the words a user needs in its message.
import { expect } from 'vitest';
import { type ErrorCode, TorsorError } from '../../lib/core/errors.js';

function check(error: unknown, code: ErrorCode, words: readonly (string | RegExp)[]): void {
  if (!(error instanceof TorsorError))
    throw new Error(`expected a TorsorError ${code}, got ${error}`, { cause: error });
  expect(error.code, error.message).toBe(code);
  for (const word of words) expect(error.message).toMatch(word);
}

/** Runs `action` and expects it to throw; `words` all appear in the message. */
export function expectError(action: () => unknown, code: ErrorCode, ...words: (string | RegExp)[]): void {
  let thrown: unknown;
  try {
    action();
  } catch (error) {
    thrown = error;
  }
  if (thrown === undefined) throw new Error(`expected a TorsorError ${code}, but nothing was thrown`);
  check(thrown, code, words);
}

export async function expectRejection(
  promise: Promise<unknown>,
  code: ErrorCode,
  ...words: (string | RegExp)[]
): Promise<void> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (outcome === undefined) throw new Error(`expected a TorsorError ${code}, but the promise was fulfilled`);
  check(outcome.error, code, words);
}
