// Two processes never train in one folder, and a lock whose process is gone stops nobody.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs, { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Model, NativeVectorEnvironment, PPO, trainRun } from '../../lib/index.js';
import { lockRun } from '../../lib/runs/lock.js';
import { expectError, expectRejection } from '../support/errors.js';
import { startElsewhere } from '../support/process.js';

/** Is told of every access to a file before it is made. */
const observer: { before: (() => void) | undefined; linkError: string | undefined } = {
  before: undefined,
  linkError: undefined,
};
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  const observed = (name: 'linkSync' | 'readFileSync' | 'renameSync' | 'rmSync' | 'writeFileSync') =>
    ((...args: unknown[]) => {
      if (!String(args[0]).startsWith('/proc')) observer.before?.();
      if (name === 'linkSync' && observer.linkError !== undefined) {
        throw Object.assign(new Error(observer.linkError), { code: observer.linkError, syscall: 'link' });
      }
      return (real[name] as (...args: unknown[]) => unknown)(...args);
    }) as never;
  return {
    ...real,
    linkSync: observed('linkSync'),
    readFileSync: observed('readFileSync'),
    renameSync: observed('renameSync'),
    rmSync: observed('rmSync'),
    writeFileSync: observed('writeFileSync'),
  };
});

const root = mkdtempSync(path.join(tmpdir(), 'torsor-lock-'));
afterAll(() => rmSync(root, { recursive: true }));
const folder = path.join(root, 'run');
const file = path.join(folder, 'run.lock');
beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
});
afterEach(() => {
  observer.before = undefined;
  observer.linkError = undefined;
});

/** What a lock of this process holds. */
const own = () => {
  const other = path.join(root, 'own.lock');
  const unlock = lockRun(other);
  const holder = JSON.parse(readFileSync(other, 'utf8'));
  unlock();
  return holder;
};
const gone = 2 ** 22 + 1;

describe('a lock', () => {
  it('is held until it is given back', () => {
    const unlock = lockRun(file);
    expectError(() => lockRun(file), 'INVALID_ARGUMENT', `process ${process.pid}`, folder);
    unlock();
    expect(readdirSync(folder)).toEqual([]);
    lockRun(file)();
  });

  it.each([
    ['a process that is gone', { pid: gone }],
    ['another process of that number', { began: '1' }],
    ['another machine', { host: `not-${hostname()}` }],
  ])('of %s does not count', (_, change) => {
    writeFileSync(file, JSON.stringify(own()));
    expectError(() => lockRun(file), 'INVALID_ARGUMENT');
    writeFileSync(file, JSON.stringify({ ...own(), ...change }));
    lockRun(file)();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(['', '{', 'null', '{"pid":"x"}', '\0\0\0'])('that is damaged does not count: %j', (text) => {
    writeFileSync(file, text);
    lockRun(file)();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux')('of a process that ended unseen by its parent does not count', async () => {
    // What replaces the shell knows nothing of its child.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [text] = await once(parent.stdout, 'data');
    const pid = Number(text);
    const stat = () => fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    writeFileSync(file, JSON.stringify({ ...own(), pid, began: stat()[19] }));
    expectError(() => lockRun(file), 'INVALID_ARGUMENT', `process ${pid}`);
    process.kill(pid, 'SIGKILL');
    while (stat()[0] !== 'Z') await sleep(5);
    lockRun(file)();
    parent.kill();
  });

  it('of another is not removed by who held it before', () => {
    const unlock = lockRun(file);
    writeFileSync(file, JSON.stringify({ ...own(), id: 'another' }));
    unlock();
    expect(existsSync(file)).toBe(true);
  });

  it('that cannot be read or written is an error', () => {
    mkdirSync(file);
    expectError(() => lockRun(file), 'IO', file);
    expectError(() => lockRun(path.join(folder, 'nowhere', 'run.lock')), 'IO', 'nowhere');
  });

  it('does without links', () => {
    observer.linkError = 'EPERM';
    const unlock = lockRun(file);
    expectError(() => lockRun(file), 'INVALID_ARGUMENT');
    unlock();
    writeFileSync(file, JSON.stringify({ ...own(), pid: gone }));
    lockRun(file)();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('of those who try at once, one gets it', () => {
  const dead = (id: string) => `${JSON.stringify({ ...own(), pid: gone, id })}\n`;
  const tryLock = (): (() => void) | undefined => {
    try {
      return lockRun(file);
    } catch (error) {
      expect((error as Error).message).toContain('is training in');
      return undefined;
    }
  };

  /** What a rival does between two accesses of the first one; it holds the lock from then on where it gives something. */
  const rivals: [string, () => (() => void) | undefined][] = [
    ['takes it', tryLock],
    [
      'takes it and gives it back, and another takes it',
      () => {
        tryLock()?.();
        return tryLock();
      },
    ],
    [
      'takes it and is killed, and another takes it',
      () => {
        if (tryLock() !== undefined) writeFileSync(file, dead('killed'));
        return tryLock();
      },
    ],
  ];

  describe.each(rivals)('a rival %s', (_, rival) => {
    it.each([
      ['no lock', () => undefined],
      ['a lock of the dead', () => writeFileSync(file, dead('old'))],
      [
        'a lock of the dead, and one of the dead who was about to replace it',
        () => {
          writeFileSync(file, dead('old'));
          let accesses = 0;
          const enough = new Error('killed');
          observer.before = () => {
            if (readdirSync(folder).length > 1 && ++accesses > 3) throw enough;
          };
          expect(() => lockRun(file)).toThrow('killed');
          observer.before = undefined;
          expect(readdirSync(folder)).toHaveLength(2);
          for (const name of readdirSync(folder)) {
            if (name !== 'run.lock') writeFileSync(path.join(folder, name), dead('about'));
          }
        },
      ],
    ])('between any two accesses, where there was %s', (_, prepare) => {
      for (let when = 0, last = false; !last; when++) {
        rmSync(folder, { recursive: true });
        mkdirSync(folder);
        prepare();
        let accesses = 0;
        let other: (() => void) | undefined;
        observer.before = () => {
          if (accesses++ !== when) return;
          const { before } = observer;
          observer.before = undefined;
          other = rival();
          observer.before = before;
        };
        const first = tryLock();
        observer.before = undefined;
        last = accesses <= when;
        expect(
          [first, other].filter((unlock) => unlock !== undefined),
          `before access ${when}`,
        ).toHaveLength(1);
        first?.();
        other?.();
        if (other === undefined) expect(existsSync(file)).toBe(false);
        expect(when).toBeLessThan(100);
      }
    });
  });

  it('processes', async () => {
    const [rounds, count] = [200, 3];
    const files = Array.from({ length: rounds }, (_, k) => path.join(folder, `run-${k}.lock`));
    for (const [k, lock] of files.entries()) if (k % 2 === 0) writeFileSync(lock, dead(String(k)));
    const racer = path.join(import.meta.dirname, 'lock-racer.ts');
    const racers = Array.from({ length: count }, (_, k) =>
      startElsewhere(racer, folder, String(rounds), String(count), String(k)),
    );
    const ended = racers.map((child) => once(child, 'close'));
    while (readdirSync(folder).filter((name) => name.startsWith('ready-')).length < count) await sleep(10);
    writeFileSync(path.join(folder, 'start'), String(Date.now() + 100));
    expect((await Promise.all(ended)).map(([code]) => code)).toEqual(Array(count).fill(0));
    const winners = files.map(
      (lock) => readdirSync(folder).filter((name) => name.startsWith(`${path.basename(lock)}.won`)).length,
    );
    expect(winners).toEqual(Array(rounds).fill(1));
  }, 30_000);
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
