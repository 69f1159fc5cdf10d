// Threads of Node that train side by side: what each computes is what it computes alone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runInThread } from '../support/process.js';
import { numbersOf } from './fixtures/numbers-of.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-threads-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('two threads and this one train, save, load and act at the same time', async () => {
  const file = path.join(import.meta.dirname, 'fixtures', 'thread.ts');
  const at = (name: string) => path.join(folder, name);
  const [one, two, here] = await Promise.all([
    runInThread(file, '1', at('one')),
    runInThread(file, '2', at('two')),
    numbersOf(3, at('here')),
  ]);
  for (const [key, text] of [one, two].entries()) {
    const { names, ...numbers } = JSON.parse(text);
    expect(names).toBeGreaterThanOrEqual(6);
    expect(numbers).toEqual(await numbersOf(key + 1, at('alone')));
  }
  expect(here).toEqual(await numbersOf(3, at('alone')));
  expect(here.losses).not.toEqual(JSON.parse(one).losses);
});
