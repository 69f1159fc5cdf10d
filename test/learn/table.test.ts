// The tables of `npm run learn -- --table`: intervals, results that are kept, what a page shows of them.
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
    const results = new Results(file, 'presetSteps');
    results.add(done('CartPole-v1', 'ActorCritic', 1, 400));
    results.add(done('CartPole-v1', 'ActorCritic', 0, 500));
    new Results(file, 'peerSteps').add(done('CartPole-v1', 'ActorCritic', 2, 300));
    const again = new Results(file, 'presetSteps');
    expect(again.cell('CartPole-v1', 'ActorCritic').runs.map(({ seed }: { seed: number }) => seed)).toEqual([0, 1]);
    expect(again.has('CartPole-v1', 'ActorCritic', 1)).toBe(true);
    expect(again.has('CartPole-v1', 'ActorCritic', 2)).toBe(false);
    again.drop('CartPole-v1', 'ActorCritic');
    expect(again.has('CartPole-v1', 'ActorCritic', 1)).toBe(false);
    expect(new Results(file, 'peerSteps').has('CartPole-v1', 'ActorCritic', 2)).toBe(true);
  });

  it('of another processor are not mixed with those of this one', () => {
    const file = path.join(folder, 'elsewhere.json');
    writeFileSync(file, JSON.stringify({ processor: 'Z80', date: '1976-07-01' }));
    expect(() => new Results(file, 'presetSteps')).toThrow('Z80');
  });
});

/** The page of this repository without its tables. */
function emptyPage(name: string) {
  const page = path.join(folder, name);
  const marks = readFileSync('docs/learning.md', 'utf8').match(/^<!-- .* -->$/gm) as string[];
  writeFileSync(page, ['before', ...marks.flatMap((mark) => [mark, 'old']), 'after', ''].join('\n'));
  return page;
}

const cells = (line = '') => line.split('|').map((cell) => cell.trim());

describe('the table', () => {
  it('knows every native environment', () =>
    expect(Object.keys(environments).toSorted()).toEqual(NativeVectorEnvironment.names.toSorted()));

  it('says what was measured, from how many seeds, and what was not run, between its marks alone', () => {
    const page = emptyPage('page.md');
    const results = new Results(path.join(folder, 'table.json'), 'presetSteps');
    for (let seed = 0; seed < 10; seed++) results.add(done('CartPole-v1', 'SharedActorCritic', seed, 490 + seed));
    for (const seed of [0, 1, 2]) results.add(done('CartPole-v1', 'LSTMActorCritic', seed, -1));
    writeTable(page, 'presetSteps', results);
    const text = readFileSync(page, 'utf8');
    writeTable(page, 'presetSteps', results);
    expect(readFileSync(page, 'utf8')).toBe(text);
    expect(text).toMatch(/^before\n[\s\S]*after\n$/);
    expect(text.match(/^old$/gm)).toHaveLength(3); // one was where the table is
    // 494.5 ± 2.262 √(9.1667 / 10).
    expect(cells(text.match(/^\| CartPole-v1 .*$/m)?.[0]).slice(4, 10)).toEqual([
      ...['504k', '494.5 ± 2.2', 'not run', '−1.0 ± 0.0 (3)', 'not run', 'not run'],
    ]);
  });

  it('at equal steps has what others published beside it', () => {
    const page = emptyPage('equal.md');
    const results = new Results(path.join(folder, 'equal.json'), 'peerSteps');
    for (const seed of [0, 1]) results.add({ ...done('Pendulum-v1', 'ActorCritic', seed, -160), steps: 102_400 });
    writeTable(page, 'peerSteps', results);
    const text = readFileSync(page, 'utf8');
    expect(cells(text.match(/^\| Pendulum-v1 .*$/m)?.[0]).slice(1, -1)).toEqual([
      ...['Pendulum-v1', '102k', 'not run', '−160.0 ± 0.0 (2)', 'not run', 'not run', 'not run'],
      ...['−172.2 ± 104.2', '100k'],
    ]);
    expect(text.match(/^\| \S+-v\d /gm)).toHaveLength(5);
  });

  it('needs a page with its marks', () => {
    const page = path.join(folder, 'bare.md');
    writeFileSync(page, 'text\n');
    const results = new Results(path.join(folder, 'none.json'), 'presetSteps');
    expect(() => writeTable(page, 'presetSteps', results)).toThrow('begin of the table');
  });
});
