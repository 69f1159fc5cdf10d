// The vectors kept here, and that the runner cannot be fooled: by wrong numbers, by quantities nobody compares, by broken files.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { passes } from './compare.js';
import { main, ownFolders, vectorsIn } from './main.js';
import { type FileReport, runFile } from './runner.js';

const here = import.meta.dirname;
const vectors = path.join(here, 'jaxdem');
const scratch = mkdtempSync(path.join(tmpdir(), 'torsor-golden-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function explain(report: FileReport): string {
  const failed = report.comparisons
    .filter((comparison) => !passes(comparison))
    .map(({ name, error }) => `${name}: ${error}`);
  return [report.message ?? '', ...failed, ...report.notCompared.map((at) => `not compared: ${at}`)].join('\n');
}

const named = (file: string) => [path.basename(file), file] as const;

describe.each(ownFolders.map(named))('vectors of %s', (_, folder) => {
  test.each(vectorsIn(folder).map(named))('%s', async (_, file) => {
    const report = await runFile(file);
    expect(report.comparisons.length, explain(report)).toBeGreaterThan(0);
    expect(report.status, explain(report)).toBe('ok');
  });
});

type Json = Record<string, unknown>;

/** The object or array at a path of a file, to be changed. */
function at<T = Json>(json: Json, ...keys: (string | number)[]): T {
  return keys.reduce<unknown>((value, key) => (value as Json)[key], json) as T;
}

/** A copy of a vector with something changed in it. */
function changed(name: string, change: (json: Json) => unknown): string {
  const json = JSON.parse(readFileSync(path.join(vectors, name), 'utf8'));
  change(json);
  return written('changed.json', JSON.stringify(json));
}

function written(name: string, text: string): string {
  const file = path.join(scratch, name);
  writeFileSync(file, text);
  return file;
}

async function golden(...args: string[]): Promise<{ code: number; output: string }> {
  const lines: string[] = [];
  const code = await main(args, (line) => lines.push(line));
  return { code, output: lines.join('\n') };
}

const small = 'vtrace_gae.json';
const advantage = ['cases', 0, 'advantage', 'f64', 'data'];

describe('an epoch of PPO', () => {
  const epoch = 'ppo_epoch_SharedActorCritic_MaxNorm_muon.json';
  const first = ['out', 'minibatches', 0];
  test.each([
    ['a weight', [...first, 'importance_weight', 'f64', 'data']],
    ['a parameter after the first step', [...first, 'params_after', 'actor_mu.bias', 'f64', 'data']],
    ['a gradient', [...first, 'grads', 'critic.bias', 'f64', 'data']],
    ['a reward', ['out', 'dripped_reward', 'f64', 'data']],
    ['a value at the end', ['out', 'final_value', 'f64', 'data']],
  ] as [string, (string | number)[]][])('%s that is a thousandth off fails', async (_, keys) => {
    const file = changed(epoch, (json) => {
      const data = at<number[]>(json, ...keys);
      data[0] = (data[0] as number) + 1e-3 * (1 + Math.abs(data[0] as number));
    });
    expect((await golden(file)).code).toBe(1);
  });

  test('with other segments fails', async () => {
    const file = changed(epoch, (json) => at<number[]>(json, ...first, 'indices', 'data').splice(0, 1, 5));
    expect((await golden(file)).code).toBe(1);
  });
});

describe('the runner', () => {
  test('exits with 0 where everything was compared', async () => {
    const { code, output } = await golden(path.join(vectors, small));
    expect(code).toBe(0);
    expect(output).toMatch(/ok, 80 compared/);
    expect(output).toMatch(/case +worst quantity +error +reference +ratio/);
  });

  test('takes the vectors of a folder', async () => {
    const folder = mkdtempSync(path.join(scratch, 'folder-'));
    mkdirSync(path.join(folder, 'within'));
    for (const name of ['a.json', 'within/b.json']) copyFileSync(path.join(vectors, small), path.join(folder, name));
    const { code, output } = await golden(folder);
    expect([code, output.match(/ok, 80 compared/g)?.length]).toEqual([0, 2]);
  });

  test.each<[what: string, change: (index: Json) => void]>([
    ['an offset', (index) => Object.assign(at(index, 'records', 6), { offset: 5 })],
    ['a shape', (index) => Object.assign(at(index, 'records', 6), { shape: [4] })],
    ['a number', (index) => at<number[]>(index, 'records', 6, 'first').fill(0.5, 1, 2)],
    ['a record that is not there', (index) => at<Json[]>(index, 'records').pop()],
  ])('finds %s that is wrong in the index of a file of parameters', async (_, change) => {
    const folder = path.join(here, 'lerax');
    const index = JSON.parse(readFileSync(path.join(folder, 'mlp_box_small.eqx.index.json'), 'utf8'));
    copyFileSync(path.join(folder, index.file), path.join(scratch, index.file));
    expect((await golden(written('same.eqx.index.json', JSON.stringify(index)))).code).toBe(0);
    change(index);
    expect((await golden(written('changed.eqx.index.json', JSON.stringify(index)))).code).toBe(1);
  });

  test('finds one number that is wrong', async () => {
    const file = changed(small, (json) => at<number[]>(json, ...advantage).fill(0.5, 7, 8));
    const { code, output } = await golden(file);
    expect(code).toBe(1);
    expect(output).toMatch(/rho 1 c 1 .* advantage .* FAIL/);
  });

  test('a difference just above the tolerance fails, just below passes', async () => {
    const moved = (by: number): string =>
      changed(small, (json) => {
        const numbers = at<number[]>(json, ...advantage);
        const [first] = numbers as [number];
        numbers[0] = first + by * (1 + Math.abs(first));
      });
    expect((await golden(moved(2.1e-5))).code).toBe(1);
    expect((await golden(moved(1.9e-5))).code).toBe(0);
  });

  test('lists quantities that nothing computes', async () => {
    const extra = { shape: [1], dtype: 'float64', data: [1] };
    const file = changed(small, (json) => {
      at(json, 'cases', 0).surprise = extra;
    });
    const { code, output } = await golden(file);
    expect(code).toBe(1);
    expect(output).toMatch(/not compared: cases\/0\/surprise/);
  });

  test('a file of unknown kind, and one of a kind that is missing, are not supported', async () => {
    const unknown = await golden(written('unknown.json', '{"a": 1}'));
    expect(unknown.code).toBe(1);
    expect(unknown.output).toMatch(/not supported.*unknown kind/);
    const other = await golden(written('other.json', '{"kind": "unheard"}'));
    expect(other.code).toBe(1);
    expect(other.output).toMatch(/not supported.*unheard of lerax/);
  });

  test.each([0, 3, 5, 6, 7, 12, 15])(
    'a log-density of distribution %i of lerax that is a thousandth off fails',
    async (i) => {
      const file = changed('../lerax/distributions.json', (json) => {
        const value = at(json, 'cases', i, 'values', 0);
        const move = (x: number): number => x + 1e-3 * (1 + Math.abs(x));
        value.log_prob = Array.isArray(value.log_prob) ? value.log_prob.map(move) : move(value.log_prob as number);
      });
      const { code, output } = await golden(file);
      expect(code).toBe(1);
      expect(output).toMatch(/values\/0\/log_prob .* FAIL/);
    },
  );

  test('a model with one parameter changed fails', async () => {
    const file = changed('SharedActorCritic_default.json', (json) => {
      at<number[]>(json, 'cases', 'maxnorm_realinit', 'params', 'critic.kernel', 'data').fill(0.1, 0, 1);
    });
    const { code, output } = await golden(file);
    expect(code).toBe(1);
    expect(output).toMatch(/maxnorm_realinit +value .* FAIL/);
  });

  test.each([
    ['a latent', ['cases', 3, 'expected', 'latent'], 1e-3],
    ['a value without tanh', ['cases', 3, 'expected'], 1e-3, 'value_method'],
    ['a gradient', ['scalar_loss', 'grads', 2, 'data'], 1e-3],
    ['a clipped loss', ['ppo', 'variants', 1, 'stats'], 1e-3, 'value_loss'],
    ['a parameter after three updates', ['ppo', 'adam', 'params_after_3', 0, 'data'], 1e-3],
    ['a step', ['cases', 3, 'expected', 'steps'], 1],
  ] as [string, (string | number)[], number, string?][])(
    'a policy of lerax with another number for %s fails',
    async (_, keys, by, key) => {
      const file = changed('../lerax/ncde_box_small_f64.json', (json) => {
        const place = at<Record<string | number, number>>(json, ...keys);
        const index = key ?? 0;
        place[index] = (place[index] as number) + by;
      });
      const { code, output } = await golden(file);
      expect(code).toBe(1);
      expect(output).toMatch(/FAIL/);
    },
  );

  test('a name torsor does not know is not supported', async () => {
    const file = changed('SharedActorCritic_default.json', (json) => {
      at(json, 'cases', 'maxnorm_realinit', 'config').activation = 'snake';
    });
    const { code, output } = await golden(file);
    expect(code).toBe(1);
    expect(output).toMatch(/not supported, 0 compared: .*snake/);
  });

  test('a part that is not supported does not hide the rest', async () => {
    const file = changed('large_hashed.json', (json) => {
      at(json, 'cases', 'LSTMActorCritic_discrete_T20_B5').model = 'TransformerActorCritic';
    });
    const { code, output } = await golden(file);
    expect(code).toBe(1);
    expect(output).toMatch(/LSTM.* not supported/);
    expect(output).not.toMatch(/: FAIL|not compared/);
  });

  test.each([
    ['missing', () => path.join(scratch, 'nowhere.json'), /no such file/],
    ['cut short', () => written('short.json', '{"cases": [1, 2'), /not JSON, or cut short/],
    [
      'short of a number',
      () => changed(small, (json) => at<number[]>(json, 'inputs', 'ratio', 'data').pop()),
      /inputs\/ratio: shape/,
    ],
    [
      'not made of numbers',
      () => changed(small, (json) => at<unknown[]>(json, 'inputs', 'ratio', 'data').fill('one')),
      /"one", not a number/,
    ],
  ])('a file that is %s is an error', async (_, make, message) => {
    const { code, output } = await golden(make(), path.join(vectors, small));
    expect(code).toBe(2);
    expect(output).toMatch(message);
    expect(output).toMatch(/ok, 80 compared/); // the other file was compared
  });

  test.each([[['--frobnicate']], [['--device', 'abacus', small]]])('refuses %j', async (args) => {
    const { code, output } = await golden(...args);
    expect(code).toBe(2);
    expect(output).toMatch(/usage: npm run golden/);
  });

  test('--json prints one document', async () => {
    const { code, output } = await golden(path.join(vectors, small), '--json');
    const document = JSON.parse(output);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      device: 'cpu',
      passed: true,
      files: [{ kind: 'vtrace_gae', status: 'ok', notCompared: [] }],
    });
    const [quantity] = document.files[0].cases[0].quantities;
    expect(quantity.ratio).toBeCloseTo(quantity.error / quantity.referenceError);
  });

  test('npm run golden works from the command line', () => {
    const script = path.join(here, '..', '..', 'scripts', 'golden.mjs');
    const run = spawnSync(process.execPath, [script, '--json', path.join(vectors, small)], { encoding: 'utf8' });
    expect(run.status, run.stderr).toBe(0);
    expect(JSON.parse(run.stdout).passed).toBe(true);
  });
});
