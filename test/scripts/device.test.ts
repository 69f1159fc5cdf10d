// scripts/device.mjs, with the emulated device in the place of a GPU: every outcome of a stage, and what is left in the end.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NativeVectorEnvironment } from '../../lib/index.js';
import { gpuInUse, gpusOf } from '../../scripts/device/machine.mjs';
import { row, runStage } from '../../scripts/device/run.mjs';
import { chosen, stages } from '../../scripts/device/stages.mjs';
import { buildTargets, buildTimeout } from '../parity/emulated.js';

const root = path.join(import.meta.dirname, '..', '..');
const out = mkdtempSync(path.join(tmpdir(), 'torsor-device-test-'));
afterAll(() => rmSync(out, { recursive: true }));

const shell = (script: string, more: object = {}) => ({ name: 'a stage', command: ['sh', '-c', script], ...more });

describe('a stage', () => {
  test.each([
    ['passed', shell('exit 0'), 10],
    ['failed', shell('echo why >&2; exit 3'), 10],
    ['skipped', shell('exit 77'), 10],
    ['failed', { name: 'a stage', command: ['/no/such/command'] }, 10],
    ['skipped', shell('exit 0', { absent: 'no such tool' }), 10],
    ['not run', shell('exit 0'), 0],
  ])('has %s', async (outcome, stage, limit) => {
    expect((await runStage(stage, limit)).outcome).toBe(outcome);
  });

  test('that takes too long ends with all it started, and what it said is kept', async () => {
    const read = ({ stdout }: { stdout: string }) => ({ details: stdout.trim() });
    const result = await runStage(shell('echo half; sleep 60 & echo $!; wait', { read }), 0.5);
    expect(result).toMatchObject({ outcome: 'timed out', details: expect.stringMatching(/^half\n\d+$/) });
    const child = Number(String(result.details).split('\n')[1]);
    await expect.poll(() => alive(child)).toBe(false);
    expect(row(result)).toMatch(/^a stage +timed out +\d\.\d s$/);
  });

  test('whose output says nothing is what its exit code says', async () => {
    const read = () => JSON.parse('{"half": ');
    expect(await runStage(shell('exit 0', { read }), 10)).toMatchObject({ outcome: 'passed', summary: '' });
  });
});

/** A zombie is not: nobody may have asked for its exit code yet. */
function alive(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && !/\) Z /.test(readFileSync(file, 'utf8'));
}

test.each([
  ['memcheck', '========= ERROR SUMMARY: 2 errors'],
  ['racecheck', '========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)'],
])('%s is summed up in its own words', (name, output) => {
  const stage = stages({ emulated: false, steps: 1, seeds: 1 }).find((each) => each.name === name);
  expect(stage?.read?.({ output: `said\n${output}\nmore`, stdout: '' })).toEqual({ summary: output.slice(10) });
});

describe('a machine with several GPUs', () => {
  const gpus = gpusOf(
    '0, NVIDIA H200, GPU-1f3a, 580.65.06, 143771 MiB\n1, NVIDIA L4, GPU-77b0, 580.65.06, 23034 MiB\n',
  );

  test('is listed', () => {
    expect(gpus).toEqual([
      { index: 0, name: 'NVIDIA H200', uuid: 'GPU-1f3a', driver: '580.65.06', memory: '143771 MiB' },
      { index: 1, name: 'NVIDIA L4', uuid: 'GPU-77b0', driver: '580.65.06', memory: '23034 MiB' },
    ]);
    expect(gpusOf('')).toEqual([]);
  });

  test.each([
    [undefined, 0],
    ['1,0', 1],
    ['GPU-77', 1],
    ['2', undefined],
    ['', undefined],
    ['MIG-5', undefined],
  ])('of which CUDA_VISIBLE_DEVICES=%s uses %s', (visible, index) => {
    expect(gpuInUse(gpus, visible)?.index).toBe(index);
  });

  test('has stages number them alike', () => {
    const env = { TORSOR_CUDA: 'ON', CUDA_DEVICE_ORDER: 'PCI_BUS_ID' };
    for (const stage of stages({ emulated: false, steps: 1, seeds: 1 })) expect(stage.env).toMatchObject(env);
  });
});

test('stages are chosen by name or group, in their own order', () => {
  const all = stages({ emulated: false, steps: 1, seeds: 1 });
  const names = (...wanted: string[]) => chosen(all, wanted).map(({ name }: { name: string }) => name);
  expect(names('check', 'build')).toEqual(['build', 'memcheck', 'racecheck', 'initcheck']);
  expect(names()).toHaveLength(all.length);
  expect(() => names('frobnicate')).toThrow(/no stage 'frobnicate'; there are: build, test, parity, /);
});

function device(...args: string[]) {
  const script = path.join(root, 'scripts', 'device.mjs');
  return spawnSync(process.execPath, [script, '--emulated', ...args], {
    encoding: 'utf8',
    env: { ...process.env, OUT: out },
  });
}

describe('the whole', () => {
  beforeAll(() => buildTargets('torsor_emulated'), buildTimeout);

  test('writes what came out, and prints it as a table', { timeout: 240_000 }, () => {
    const run = device('kernels', 'memcheck', 'learn', '--steps', '4000', '--seeds', '1');
    expect(run.stdout, run.stderr).toMatch(/^kernels +passed +[\d.]+ s {2}\d+ models and heads/m);
    expect(run.stdout).toMatch(/^memcheck +skipped /m);
    const [file] = readdirSync(out);
    expect(file).toMatch(/^\d{4}-\d\d-\d\dT\d{4}-emulated\.json$/);
    const { gpu, commit, stages: results } = JSON.parse(readFileSync(path.join(out, file as string), 'utf8'));
    expect([gpu, typeof commit]).toEqual(['emulated', 'string']);
    // Whether so short a training agrees is no matter here, but that it took place on both devices.
    const learned = results[2].details;
    expect(learned.map(({ env }: { env: string }) => env)).toEqual(NativeVectorEnvironment.names);
    for (const { cpu, cuda } of learned)
      for (const [{ curve, meanReturn }] of [cpu, cuda]) {
        expect(curve.at(-1)[0]).toBeGreaterThanOrEqual(4000);
        expect(meanReturn).toBeTypeOf('number');
      }
  });

  test('fails where a stage did not pass, and refuses what it does not know', () => {
    expect(device('golden', '--minutes', '0')).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^golden +not run +0\.0 s {2}no time was left$/m),
    });
    expect(device('--steps', 'many')).toMatchObject({
      status: 2,
      stderr: "device: --steps: expected a number of at least 1, got 'many'\n",
    });
  });
});
