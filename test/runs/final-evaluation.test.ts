// A run that is killed at its end, while it is evaluated, has its evaluation after all when it is resumed.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { main } from '../../lib/cli/main.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-final-'));
afterAll(() => rmSync(folder, { recursive: true }));
const summary = path.join(folder, 'summary.json');
const read = () => JSON.parse(readFileSync(summary, 'utf8'));

async function run(...args: string[]): Promise<string> {
  let said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += text;
    return true;
  });
  expect(await main(args)).toBe(0);
  vi.restoreAllMocks();
  return said;
}

let whole: ReturnType<typeof read>;
beforeAll(async () => {
  await run('train', '--env', 'CartPole-v1', '--steps', '8192', '--eval-episodes', '5', '--out', folder);
  whole = read();
  expect(whole.evaluation).toMatchObject({ episodes: 100 });
});

it.each([
  [
    'after the run said how it ended',
    () => writeFileSync(summary, JSON.stringify({ ...whole, evaluation: undefined })),
  ],
  ['before', () => rmSync(summary)],
])('killed %s', async (_, kill) => {
  const metrics = readFileSync(path.join(folder, 'metrics.jsonl'));
  kill();
  expect(await run('resume', folder)).toContain(`return ${whole.evaluation.meanReturn.toFixed(1)}`);
  expect(read()).toEqual(whole);
  expect(readFileSync(path.join(folder, 'metrics.jsonl'))).toEqual(metrics);
  expect(await run('resume', folder)).toBe('This run has reached its 8192 steps; --steps N goes on to N\n');
});
