// The table of `npm run learn -- --table`: intervals, results that are kept, what a page shows of them.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { NativeVectorEnvironment } from '../../lib/index.js';
import { environments } from '../../scripts/learn/environments.mjs';
import { Results } from '../../scripts/learn/results.mjs';
import { meanOfSeeds, mostSeeds } from '../../scripts/learn/statistics.mjs';
import { writeTable } from '../../scripts/learn/table.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-table-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** P(|T| < t) of Student's distribution, by Simpson's rule. Its density, without the constant, is (1 + x² / ν)^(-(ν + 1) / 2); x = √ν tan θ. */
function within(t: number, freedom: number): number {
  const integral = (to: number) => {
    const n = 2000;
    const weight = (k: number) => (k === 0 || k === n ? 1 : k % 2 === 1 ? 4 : 2);
    const terms = Array.from({ length: n + 1 }, (_, k) => weight(k) * Math.cos((k * to) / n) ** (freedom - 1));
    return (terms.reduce((a, b) => a + b, 0) * to) / n / 3;
  };
  return integral(Math.atan(t / Math.sqrt(freedom))) / integral(Math.PI / 2);
}

describe('the interval of a mean', () => {
  it.each(Array.from({ length: mostSeeds - 1 }, (_, k) => k + 2))('of %d seeds covers 95 %%', (n) => {
    // Values ±1 and zeros: the mean is 0, the variance 2 / (n - 1).
    const { mean, half } = meanOfSeeds([-1, 1, ...Array(n - 2).fill(0)]);
    expect(mean).toBe(0);
    expect(within(half / Math.sqrt(2 / (n - 1) / n), n - 1)).toBeCloseTo(0.95, 3);
  });

  it('of one value is not known', () => expect(meanOfSeeds([3])).toEqual({ mean: 3, half: Number.NaN }));
});

const done = (env: string, model: string, seed: number, meanReturn: number) => ({
  ...{ env, model, seed, steps: 503_808, meanReturn, seconds: 1.53 },
  parametersSha256: '0123456789abcdef'.repeat(4),
});

describe('results', () => {
  it('are kept in a file, whatever the order they came in, and can be dropped', () => {
    const file = path.join(folder, 'kept.json');
    const results = new Results(file);
    results.add(done('CartPole-v1', 'ActorCritic', 1, 400));
    results.add(done('CartPole-v1', 'ActorCritic', 0, 500));
    const again = new Results(file);
    expect(again.cell('CartPole-v1', 'ActorCritic').runs.map(({ seed }: { seed: number }) => seed)).toEqual([0, 1]);
    expect(again.has('CartPole-v1', 'ActorCritic', 1)).toBe(true);
    expect(again.has('CartPole-v1', 'ActorCritic', 2)).toBe(false);
    again.drop('CartPole-v1', 'ActorCritic');
    expect(again.has('CartPole-v1', 'ActorCritic', 1)).toBe(false);
  });

  it('of another processor are not mixed with those of this one', () => {
    const file = path.join(folder, 'elsewhere.json');
    writeFileSync(file, JSON.stringify({ processor: 'Z80', date: '1976-07-01', cells: {} }));
    expect(() => new Results(file)).toThrow('Z80');
  });
});

describe('the table', () => {
  it('knows every native environment', () =>
    expect(Object.keys(environments).toSorted()).toEqual(NativeVectorEnvironment.names.toSorted()));

  it('says what was measured, from how many seeds, and what was not run, between its marks alone', () => {
    const page = path.join(folder, 'page.md');
    const marks = readFileSync('docs/learning.md', 'utf8').match(/^<!-- .* -->$/gm) as string[];
    writeFileSync(page, `before\n${marks[0]}\nold\n${marks[1]}\nafter\n`);
    const results = new Results(path.join(folder, 'table.json'));
    for (let seed = 0; seed < 10; seed++) results.add(done('CartPole-v1', 'SharedActorCritic', seed, 490 + seed));
    for (const seed of [0, 1, 2]) results.add(done('CartPole-v1', 'LSTMActorCritic', seed, -1));
    writeTable(page, results);
    const text = readFileSync(page, 'utf8');
    writeTable(page, results);
    expect(readFileSync(page, 'utf8')).toBe(text);
    expect(text).toMatch(/^before\n[\s\S]*after\n$/);
    expect(text).not.toContain('old');
    const row =
      text
        .match(/^\| CartPole-v1 .*$/m)?.[0]
        .split('|')
        .map((cell) => cell.trim()) ?? [];
    // 494.5 ± 2.262 √(9.1667 / 10).
    expect(row.slice(4, 11)).toEqual([
      ...['504k', '494.5 ± 2.2', 'not run', '−1.0 ± 0.0 (3)', 'not run', 'not run', '500.0 ± 0.0 (100k)'],
    ]);
  });

  it('needs a page with its marks', () => {
    const page = path.join(folder, 'bare.md');
    writeFileSync(page, 'text\n');
    expect(() => writeTable(page, new Results(path.join(folder, 'none.json')))).toThrow('begin of the table');
  });
});
