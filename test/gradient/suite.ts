// Runs a list of cases against the oracle, here and with every lower instruction set.
import { beforeAll, describe, expect, test } from 'vitest';
import type { Case } from './case.js';
import { deviations, type Expected, expectedOf } from './expected.js';
import { instructionSets, type NativeResults, runHere, runWith } from './native.js';

/** One test per case and instruction set. */
export function compareWithOracle(cases: readonly Case[]): void {
  const expected = new Map<Case, Expected>();
  const want = (c: Case): Expected => {
    const known = expected.get(c) ?? expectedOf(c);
    expected.set(c, known);
    return known;
  };
  const check = (c: Case, actual: NativeResults): void => {
    const wrong = deviations(c, want(c), actual).filter(({ error }) => !(error <= 1));
    expect(wrong.map(({ what, error }) => `${what}: ${error.toPrecision(3)} times what is accepted`)).toEqual([]);
  };
  const [own, ...lower] = instructionSets().reverse() as [string, ...string[]];
  describe(`${own} against the oracle`, () => {
    test.each(cases.map((c) => [c.name, c] as const))('%s', (_, c) => check(c, runHere(c)));
  });
  describe.each(lower)('%s against the oracle', (set) => {
    let results: NativeResults[];
    beforeAll(async () => {
      results = await runWith(set, cases);
    });
    test('is what runs', () => expect(results.every(({ simd }) => simd === set)).toBe(true));
    test.each(cases.map((c, i) => [c.name, c, i] as const))('%s', (_, c, i) => check(c, results[i] as NativeResults));
  });
}
