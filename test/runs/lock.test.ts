// Two processes never train in one folder, and a lock whose process is gone stops nobody.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { Model, NativeVectorEnvironment, PPO, trainRun } from '../../lib/index.js';
import { checkUnlocked, lockRun } from '../../lib/runs/lock.js';
import { expectError, expectRejection } from '../support/errors.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-lock-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, 'run.lock');
beforeEach(() => rmSync(file, { force: true }));

describe('a lock', () => {
  it('is held until it is given back', () => {
    const unlock = lockRun(file);
    expectError(() => lockRun(file), 'INVALID_ARGUMENT', `process ${process.pid}`, folder);
    unlock();
    expect(existsSync(file)).toBe(false);
    lockRun(file)();
  });

  const own = () => {
    lockRun(file);
    return JSON.parse(readFileSync(file, 'utf8'));
  };

  it.each([
    ['a process that is gone', { pid: 2 ** 22 + 1 }],
    ['another process of that number', { began: '1' }],
    ['another machine', { host: `not-${hostname()}` }],
  ])('of %s does not count', (_, change) => {
    const holder = own();
    expectError(() => checkUnlocked(file), 'INVALID_ARGUMENT');
    writeFileSync(file, JSON.stringify({ ...holder, ...change }));
    checkUnlocked(file);
  });

  it.each(['', '{', 'null', '{"pid":"x"}'])('that is damaged does not count: %j', (text) => {
    writeFileSync(file, text);
    checkUnlocked(file);
  });
});

it('a run holds it, and gives it back when it fails', async () => {
  const make = () => {
    const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 4 });
    const sizes = { observationSpaceSize: 4, actionSpaceSize: 2, discrete: true, architecture: [4] };
    return new PPO({ model: Model.create('SharedActorCritic', sizes), environment, horizon: 16 });
  };
  const options = { folder, steps: 64 };
  const record = async () => {
    await expectRejection(trainRun(make(), options), 'INVALID_ARGUMENT', 'is training in');
    throw new Error('enough');
  };
  await expect(trainRun(make(), { ...options, loggers: [{ record }] })).rejects.toThrow('enough');
  expect(existsSync(file)).toBe(false);
  expect((await trainRun(make(), { ...options, resume: true })).status).toBe('finished');
});
