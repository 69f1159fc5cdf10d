// The folder of a run: what is there stays what it is unless a run wrote it.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../lib/cli/main.js';
import { type TrainRunOptions, trainRun, writeReport } from '../../lib/index.js';
import { RunFolder } from '../../lib/runs/run-folder.js';
import { expectRejection } from '../support/errors.js';
import { smallTrainer } from '../support/small-trainer.js';

const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'torsor-folder-')));
afterAll(() => rmSync(root, { recursive: true }));
const trained = path.join(root, 'trained');
const folder = path.join(root, 'mine');

/** An unfinished run of two iterations, with all that a run can have. */
beforeAll(async () => {
  const loggers = [
    {
      saved: () => {
        throw new Error('ended');
      },
    },
  ];
  const evaluate = async () => ({ meanReturn: 1, standardError: 0, returns: [1], lengths: [1] });
  const options = { folder: trained, steps: 2560, checkpointEvery: 512, keepAll: true, loggers, evaluate };
  await expect(trainRun(smallTrainer(16), options)).rejects.toThrow('ended');
  await writeReport(trained);
});
beforeEach(() => {
  for (const name of ['', '-1', '-2']) rmSync(`${folder}${name}`, { recursive: true, force: true });
});

const train = (options: Partial<TrainRunOptions> = {}) =>
  trainRun(smallTrainer(16), { folder, steps: 256, ...options });

function put(...names: string[]): void {
  for (const name of names) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), `mine: ${name}`);
  }
}

/** Files of a folder, however deep, with what is in them. */
const files = (of: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(of, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => path.join(parentPath, name))
      .map((file) => [path.relative(of, file), readFileSync(file, 'latin1')]),
  );

const notes = ['mysource.ts', 'checkpoints/resnet.pt', 'tensorboard/other/events.out.tfevents.1', 'tensorboard/notes'];

describe('a folder that is no run', () => {
  it.each([
    'run.json',
    'last.safetensors',
    'checkpoints/resnet.pt',
    'metrics.jsonl',
    'tensorboard/events.out.tfevents.1',
    'report.html',
  ])('with a %s is refused, and nothing in it changes', async (name) => {
    put(name, 'mysource.ts');
    const before = files(folder);
    const found = path.dirname(name) === '.' ? name : path.dirname(name);
    const words = ['folder: expected', folder, `whose ${found} is of no run of torsor`];
    await expectRejection(train(), 'INVALID_ARGUMENT', ...words);
    await expectRejection(new RunFolder(folder).setAside(), 'INVALID_ARGUMENT', ...words);
    expect(files(folder)).toEqual(before);
  });

  it('but has its checkpoint is not resumed in, which would replace what bears its names', async () => {
    cpSync(trained, folder, { recursive: true });
    put('run.json');
    const before = files(folder);
    await expectRejection(train({ resume: true }), 'INVALID_ARGUMENT', 'whose run.json is of no run of torsor');
    expect(files(folder)).toEqual(before);
  });

  it('and has no file of such a name is trained in', async () => {
    put('mysource.ts');
    // What a process leaves that is killed before its first checkpoint.
    put('run.json.01234567-89ab-cdef-0123-456789abcdef.tmp');
    await train();
    expect(Object.keys(files(folder))).not.toContain('run.json.01234567-89ab-cdef-0123-456789abcdef.tmp');
    expect(files(folder)).toMatchObject({ 'mysource.ts': 'mine: mysource.ts' });
  });
});

describe('a run', () => {
  it('that begins removes what another wrote, and leaves all else', async () => {
    cpSync(trained, folder, { recursive: true });
    put(...notes);
    await train();
    const left = Object.keys(files(folder)).filter((name) => !name.startsWith('tensorboard/events'));
    expect(left.sort()).toEqual(
      [...notes, 'last.safetensors', 'metrics.jsonl', 'progress.csv', 'run.json', 'summary.json'].sort(),
    );
    expect(readdirSync(path.join(folder, 'tensorboard')).filter((name) => name.startsWith('events'))).toHaveLength(1);
    await train();
    expect(files(folder)).toMatchObject(Object.fromEntries(notes.map((name) => [name, `mine: ${name}`])));
  });

  it('stays a run while it is cleared', async () => {
    cpSync(trained, folder, { recursive: true });
    const run = new RunFolder(folder);
    await run.clear();
    expect(readdirSync(folder)).toEqual(['run.json']);
    await run.checkOwned();
  });

  it('that can be resumed moves, and leaves all else', async () => {
    cpSync(trained, folder, { recursive: true });
    const moved = files(folder);
    put(...notes);
    expect(await new RunFolder(folder).setAside()).toBe(`${folder}-1`);
    expect(files(`${folder}-1`)).toEqual(moved);
    const mine = Object.fromEntries(notes.map((name) => [name, `mine: ${name}`]));
    expect(files(folder)).toEqual({ ...mine, 'run.json': moved['run.json'] });
    await train();
    expect(await new RunFolder(folder).setAside()).toBe(null);
    expect(await trainRun(smallTrainer(16), { folder: `${folder}-1`, steps: 768, resume: true })).toMatchObject({
      status: 'finished',
      steps: 768,
    });
  });

  it('that lies behind a link moves beside where it lies', async () => {
    mkdirSync(path.join(root, 'disk'));
    const disk = path.join(root, 'disk', 'run');
    cpSync(trained, disk, { recursive: true });
    symlinkSync(disk, folder);
    const moved = files(disk);
    expect(await new RunFolder(folder).setAside()).toBe(`${disk}-1`);
    expect(files(`${disk}-1`)).toEqual(moved);
    expect(realpathSync(folder)).toBe(disk);
  });

  it('stays where it is when it cannot be moved whole', async () => {
    cpSync(trained, folder, { recursive: true });
    rmSync(path.join(folder, 'tensorboard'), { recursive: true });
    // A folder whose files cannot be listed.
    put('tensorboard');
    const before = files(folder);
    await expectRejection(new RunFolder(folder).setAside(), 'IO', folder);
    expect(files(folder)).toEqual(before);
    expect(existsSync(`${folder}-1`)).toBe(false);
  });

  it('in which a process trains does not move', async () => {
    const record = async () => {
      await expectRejection(new RunFolder(folder).setAside(), 'INVALID_ARGUMENT', `process ${process.pid} is training`);
    };
    await train({ steps: 512, loggers: [{ record }] });
    expect.assertions(2 * 2);
  });

  it('whose moving was cut short is not replaced', async () => {
    cpSync(trained, folder, { recursive: true });
    for (const name of ['metrics.jsonl', 'progress.csv']) rmSync(path.join(folder, name));
    const last = readFileSync(path.join(folder, 'last.safetensors'));
    expect(await new RunFolder(folder).setAside()).toBe(`${folder}-1`);
    expect(readFileSync(path.join(`${folder}-1`, 'last.safetensors'))).toEqual(last);
  });
});

describe('run.json', () => {
  const write = (change: object) => {
    const info = JSON.parse(readFileSync(path.join(trained, 'run.json'), 'utf8'));
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'run.json'), JSON.stringify({ ...info, ...change }));
  };

  it.each<[object, string]>([
    [{ torsor: undefined }, 'torsor: expected a string, got nothing'],
    [{ environment: undefined }, 'environment.name: expected a string, got nothing'],
    [{ environment: { name: 'x', count: 0 } }, 'environment.count: expected a positive integer, got 0'],
    [{ model: null }, 'model.type: expected a string, got nothing'],
    [{ model: { type: 'x', options: [], parameters: 1 } }, 'model.options: expected an object, got []'],
    [{ device: 1 }, 'device: expected a string, got 1'],
    [{ steps: '5' }, 'steps: expected a positive integer, got "5"'],
    [{ checkpointEvery: 0.5 }, 'checkpointEvery: expected a positive integer, got 0.5'],
    [{ bestBy: 'luck' }, '"luck"; there are: episodes, evaluation'],
    [{ settings: undefined }, 'settings: expected an object, got nothing'],
    [{ about: null }, 'about: expected an object, got null'],
  ])('with %j is damaged, and the field is named', async (change, words) => {
    write(change);
    await expectRejection(new RunFolder(folder).readInfo(), 'CORRUPT_FILE', path.join(folder, 'run.json'), words);
    await expectRejection(writeReport(folder), 'CORRUPT_FILE', words);
  });

  it('is as a run wrote it', async () => {
    write({});
    expect(await new RunFolder(folder).readInfo()).toMatchObject({ bestBy: 'evaluation', about: {} });
  });
});

it.skipIf(process.platform !== 'linux')('a folder that a file system does not make is an error', async () => {
  await expectRejection(train({ folder: '/proc/torsor/run' }), 'IO', '/proc/torsor');
});

it('torsor train says where the run before is, and refuses the folder of somebody else', async () => {
  const said: string[] = [];
  const write = process.stdout.write;
  const writeError = process.stderr.write;
  const args = ['train', '--env', 'CartPole-v1', '--steps', '256', '--environments', '4', '--out', folder];
  process.stdout.write = process.stderr.write = (text) => said.push(String(text)) > 0;
  try {
    cpSync(trained, folder, { recursive: true });
    put('mysource.ts');
    expect(await main(args)).toBe(0);
    rmSync(path.join(folder, 'run.json'));
    expect(await main(args)).toBe(1);
  } finally {
    process.stdout.write = write;
    process.stderr.write = writeError;
  }
  expect(said.join('')).toContain(`${folder}-1\n`);
  expect(said.join('')).toContain(`INVALID_ARGUMENT: folder: expected that of a run`);
  expect(files(folder)).toMatchObject({ 'mysource.ts': 'mine: mysource.ts' });
});
