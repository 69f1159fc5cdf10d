// Runs that are killed, at any moment, in the middle of a save included: resumed, they end with the bits of one that was left alone.
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../../lib/index.js';
import { startElsewhere } from '../support/process.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-kill-'));
afterAll(() => rmSync(folder, { recursive: true }));

const commandLine = path.join(import.meta.dirname, '..', 'support', 'command-line.ts');

/** Runs a command, kills it `afterMs` after its first iteration unless that is null, and gives its exit code; null: it was killed. */
async function session(args: readonly string[], afterMs: number | null): Promise<number | null> {
  const child = startElsewhere(commandLine, ...args, '--json');
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  let training = false;
  child.stdout.on('data', async (text) => {
    if (training || afterMs === null || !String(text).includes('"progress"')) return;
    training = true;
    await sleep(afterMs);
    child.kill('SIGKILL');
  });
  const [code] = await once(child, 'close');
  if (code !== null && code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${errors}`);
  return code;
}

/** What does not depend on the clock. */
function recorded(out: string): unknown[] {
  const lines = readFileSync(path.join(out, 'metrics.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => ({ ...JSON.parse(line), seconds: 0, stepsPerSecond: 0 }));
}

function column(out: string, name: string): string[] {
  const [header = '', ...rows] = readFileSync(path.join(out, 'progress.csv'), 'utf8').trim().split('\n');
  const at = header.split(',').indexOf(name);
  return rows.map((row) => row.split(',')[at] as string);
}

describe.each([
  // Every iteration is saved, and 1.6 MB each time: a large part of the time goes into saves.
  ['SharedActorCritic', { steps: 120 * 1024, environments: 32, settings: { horizon: 32, epochs: 1, minibatches: 1 } }],
  // Saves of every other iteration, so that work is lost and done again; a carry, a burn-in, an adaptive rate.
  [
    'LSTMActorCritic',
    {
      steps: 100 * 512,
      environments: 16,
      checkpointEvery: 1024,
      settings: { horizon: 32, epochs: 1, minibatches: 2, segmentLength: 8, burnIn: 8, anneal: 'adaptive' },
    },
  ],
])('%s', (model, { steps, environments, settings, ...more }) => {
  it('killed again and again, resumed each time', async () => {
    const set = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    const wide = model === 'SharedActorCritic' ? path.join(import.meta.dirname, 'fixtures', 'wide.json') : null;
    const every = 'checkpointEvery' in more ? more.checkpointEvery : 1024;
    const args = [
      ...['train', '--env', 'CartPole-v1', '--model', model, '--steps', String(steps)],
      ...['--environments', String(environments), '--checkpoint-every', String(every), ...set],
      ...(wide === null ? [] : ['--config', wide]),
    ];
    const [whole, killed] = [path.join(folder, `${model}-whole`), path.join(folder, `${model}-killed`)];
    expect(await session([...args, '--out', whole], null)).toBe(0);

    let code = await session([...args, '--out', killed], Math.random() * 200);
    let kills = 0;
    for (; code === null; kills++) {
      const last = path.join(killed, 'last.safetensors');
      if (!existsSync(last)) code = await session([...args, '--out', killed], 0);
      // Whatever the moment: what stands there is whole.
      else await readCheckpoint(last);
      // In the end it may finish.
      code = await session(['resume', killed], kills < 4 ? Math.random() * 200 : null);
    }
    expect(kills).toBeGreaterThan(2);

    const summary = (out: string) => JSON.parse(readFileSync(path.join(out, 'summary.json'), 'utf8'));
    const { parametersSha256, best, status, evaluation, seconds } = summary(killed);
    expect(status).toBe('finished');
    expect(parametersSha256).toBe(summary(whole).parametersSha256);
    expect(best).toEqual(summary(whole).best);
    expect(evaluation).toEqual(summary(whole).evaluation);
    for (const name of ['last', 'best']) {
      const file = (out: string) => readCheckpoint(path.join(out, `${name}.safetensors`));
      expect(await file(killed)).toEqual(await file(whole));
    }
    expect(recorded(killed)).toEqual(recorded(whole));
    expect(recorded(whole)).toHaveLength(steps / (environments * 32));
    const times = column(killed, 'time/time_elapsed').map(Number);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).toBe(seconds);
    const losses = column(killed, 'train/loss');
    expect(losses).toEqual(column(whole, 'train/loss'));
    expect(losses).toHaveLength(steps / (environments * 32));
    expect(readdirSync(killed).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  }, 120_000);
});

it('Ctrl-C saves, says how to go on, and exits with 130', async () => {
  const out = path.join(folder, 'interrupted');
  const child = startElsewhere(commandLine, 'train', '--env', 'CartPole-v1', '--steps', '1000000000', '--out', out);
  let said = '';
  child.stdout.on('data', (text) => {
    if (!said.includes(' % ') && String(text).includes(' % ')) child.kill('SIGINT');
    said += text;
  });
  const [code, signal] = await once(child, 'close');
  expect([code, signal]).toEqual([130, null]);
  expect(said).toContain(`Saved. To go on: npx torsor resume ${out}\n`);
  expect(JSON.parse(readFileSync(path.join(out, 'summary.json'), 'utf8')).status).toBe('interrupted');
});
