// The command line: JSON lines, text, exit codes, files, Ctrl-C.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../lib/cli/main.js';
import { evaluatePolicy, Model, NativeVectorEnvironment } from '../../lib/index.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

interface Run {
  code: number;
  out: string;
  err: string;
}

/** Runs the command line in this process; `onOutput` sees every piece of standard output. */
async function run(args: string[], onOutput: (text: string) => void = () => undefined): Promise<Run> {
  const result = { code: -1, out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    result.out += text;
    onOutput(String(text));
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    result.err += text;
    return true;
  });
  try {
    result.code = await main(args);
  } finally {
    vi.restoreAllMocks();
  }
  return result;
}

const lines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('train --json', () => {
  it('writes one JSON object a line, ends with done, and the checkpoint is what was evaluated', async () => {
    const out = path.join(folder, 'json');
    const args = ['train', '--env', 'CartPole-v1', '--seed', '7', '--steps', '20_000', '--json', '--out', out];
    const { code, out: text, err } = await run(args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const all = lines(text);
    expect(all[0]).toMatchObject({ event: 'start', env: 'CartPole-v1', seed: 7, steps: 20_000, device: 'cpu' });
    const progress = all.filter(({ event }) => event === 'progress');
    expect(progress).toHaveLength(5);
    expect(progress[4]).toMatchObject({ iteration: 5, steps: 5 * 4096, total: 20_000 });
    const done = all.at(-1) as Record<string, unknown>;
    expect(Object.keys(done).slice(0, 8)).toEqual([
      'event',
      'env',
      'model',
      'seed',
      'steps',
      'seconds',
      'meanReturn',
      'checkpoint',
    ]);
    expect(done).toMatchObject({
      event: 'done',
      env: 'CartPole-v1',
      seed: 7,
      steps: 5 * 4096,
      interrupted: false,
      episodes: 100,
    });
    expect(done.checkpoint).toBe(path.join(out, 'last.safetensors'));
    expect(
      readFileSync(done.metrics as string, 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(5);

    const model = await Model.load(done.checkpoint as string);
    const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 100, key: 5 });
    const { meanReturn } = await evaluatePolicy(model, environment);
    expect(Math.abs(meanReturn - (done.meanReturn as number))).toBeLessThan(0.3 * meanReturn);
  });

  it('is repeatable', async () => {
    const args = ['train', '--steps', '5000', '--json', '--out', path.join(folder, 'twice')];
    const results = [await run(args), await run(args), await run([...args, '--seed', '2'])];
    const [one, two, other] = results.map(({ out }) => lines(out).at(-1)?.meanReturn);
    expect(two).toBe(one);
    expect(other).not.toBe(one);
  });

  it.each(['MLPActorCriticPolicy', 'NCDEActorCriticPolicy'])('trains %s', async (model) => {
    const out = path.join(folder, model);
    const args = ['train', '--env', 'CartPole-v1', '--model', model, '--steps', '8192', '--json', '--out', out];
    const { code, out: text } = await run(args);
    expect(code).toBe(0);
    const done = lines(text).at(-1) as Record<string, unknown>;
    expect(done).toMatchObject({ event: 'done', model, steps: 8192 });
    const loaded = await Model.load(done.checkpoint as string);
    expect(loaded.typeName).toBe(model.toLowerCase());
  });

  it('stops at Ctrl-C, saves, and says that it was interrupted', async () => {
    const out = path.join(folder, 'interrupted');
    const before = process.listenerCount('SIGINT');
    let seen = 0;
    const { code, out: text } = await run(['train', '--json', '--out', out], (line) => {
      if (line.includes('"progress"') && ++seen === 2) process.emit('SIGINT');
    });
    expect(code).toBe(130);
    const done = lines(text).at(-1);
    expect(done).toMatchObject({ event: 'done', interrupted: true, meanReturn: null, steps: 2 * 4096 });
    expect(existsSync(path.join(out, 'last.safetensors'))).toBe(true);
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});

describe('train', () => {
  it('says what it does in plain lines where there is no terminal', async () => {
    const out = path.join(folder, 'plain');
    const { code, out: text } = await run(['train', '--model', 'actor-critic', '--steps', '4096', '--out', out]);
    expect(code).toBe(0);
    expect(text).toMatch(/Training ActorCritic \(\d+ parameters\) on 64 × Pendulum-v1 for 4096 steps, seed 1/);
    expect(text).toMatch(/100 % {2}4096 steps {2}.*\/s {2}return – {2}KL [\d.]+ {2}ETA 0 s/);
    expect(text).toMatch(/Evaluation over 100 episodes, deterministic: return -[\d.]+ ± [\d.]+/);
    expect(text).toContain(path.join(out, 'last.safetensors'));
    expect(text).toContain(path.join(out, 'metrics.jsonl'));
    expect(text).not.toContain('\x1b');
  });

  it.each([
    [['--help'], 0, 'out', /torsor train .*\n[\s\S]*torsor doctor[\s\S]*Exit codes: 0/],
    [['--version'], 0, 'out', /^\d+\.\d+\.\d+\n$/],
    [['train', '--help'], 0, 'out', /Ctrl-C/],
    [['trian'], 2, 'err', /no command "trian" \(did you mean "train"\?\)/],
    [['train', '--stesp', '5'], 2, 'err', /--stesp/],
    [['train', '--steps', 'many'], 2, 'err', /--steps: expected an integer of at least 1, got 'many'/],
    [['train', '--steps', '0'], 2, 'err', /--steps/],
    [['train', '--seed', ''], 2, 'err', /--seed/],
    [['train', 'CartPole-v1'], 2, 'err', /CartPole-v1/],
    [['train', '--env', 'Pendulum-v0'], 2, 'err', /^torsor: --env: .*Pendulum-v0.*did you mean "Pendulum-v1"/],
    [['train', '--model', 'lstm'], 2, 'err', /^torsor: --model: .*lstm.*LSTMActorCritic/],
    [['train', '--device', 'gpu'], 2, 'err', /^torsor: --device: .*gpu.*cuda/],
    [['train', '--preset', 'sb2'], 2, 'err', /^torsor: --preset: .*sb2.*sb3/],
    [['train', '--set', 'toString=1'], 2, 'err', /--set: no setting is named "toString"/],
    [
      ['train', '--set', 'normalizeAdvantage=yes'],
      2,
      'err',
      /--set normalizeAdvantage: there is no "yes"; there are: /,
    ],
    [['train', '--device', 'cuda'], 1, 'err', /^torsor: DEVICE_UNAVAILABLE: .*\n$/],
    [
      ['train', '--environments', '1_000_000_000_000'],
      2,
      'err',
      /^torsor: --environments: expected at most \d+, got 1/,
    ],
    [['train', '--out', '/dev/null/x'], 1, 'err', /^torsor: IO: .*\n$/],
  ] as const)('%j exits with %i', async (args, code, stream, message) => {
    const result = await run([...args]);
    expect(result.code).toBe(code);
    expect(result[stream]).toMatch(message);
    expect(result[stream === 'out' ? 'err' : 'out']).toBe('');
  });

  it('reports errors as JSON too, when that is asked for', async () => {
    const { code, out, err } = await run(['train', '--env', 'nothing', '--json']);
    expect(code).toBe(2);
    expect(lines(out)).toEqual([{ event: 'error', code: 'USAGE', message: expect.stringContaining('nothing') }]);
    expect(err).toMatch(/^torsor: --env: /);
  });

  it.each([
    ['env', { env: 'Nope' }, 'env: there is no "Nope"'],
    ['model', { model: 'Nope' }, 'model: there is no "Nope"'],
    ['preset', { preset: 'Nope' }, 'preset: there is no "Nope"'],
    ['device', { device: 'Nope' }, 'device: there is no "Nope"'],
    ['an option of the model', { modelOptions: { depht: 1 } }, 'modelOptions: SharedActorCritic has no option "depht"'],
  ])('names the configuration file where %s is wrong', async (_, config, words) => {
    const file = path.join(folder, 'wrong.json');
    writeFileSync(file, JSON.stringify(config));
    const { code, err } = await run(['train', '--config', file, '--out', path.join(folder, 'none')]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(`torsor: ${file}: ${words}`) });
  });

  it('goes on training when nothing more can be written to standard output', async () => {
    const out = path.join(folder, 'full');
    const args = [path.resolve('dist/cli/main.js'), 'train', '--env', 'CartPole-v1', '--steps', '20_000', '--out', out];
    const full = openSync('/dev/full', 'w');
    const child = spawnSync(process.execPath, args, { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' });
    closeSync(full);
    expect(child.status).toBe(1);
    expect(child.stderr).toMatch(/^torsor: standard output is lost from here on: .*ENOSPC.*\n$/);
    expect(JSON.parse(readFileSync(path.join(out, 'summary.json'), 'utf8'))).toMatchObject({ status: 'finished' });
  });

  it('says commands that a shell takes, whatever the name of the folder', async () => {
    const out = path.join(folder, "it's here");
    const { out: text } = await run(['train', '--env', 'CartPole-v1', '--steps', '4096', '--out', out]);
    const [, command = ''] = /To see it: npx torsor (.*)\n$/.exec(text) ?? [];
    expect(spawnSync('sh', ['-c', `printf %s ${command.replace('report ', '')}`], { encoding: 'utf8' }).stdout).toBe(
      out,
    );
  });
});
