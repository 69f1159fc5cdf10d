// The benchmarks: what they count, the form of a result, and that a peer which is not there is said to be absent.
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { defaults, runBenchmark } from '../../bench/harness.mjs';
import { cases as lstmSequence } from '../../bench/lstm-sequence.mjs';
import { cases as lstmStep } from '../../bench/lstm-step.mjs';
import { cases as ncdeStep } from '../../bench/ncde-step.mjs';
import { cases as ncdeUpdate } from '../../bench/ncde-update.mjs';
import { cases as policyStep } from '../../bench/policy-step.mjs';
import { cases as ppoUpdate } from '../../bench/ppo-update.mjs';
import { cases as rollout } from '../../bench/rollout.mjs';
import { buildTimeout, useCuda } from '../parity/emulated.js';

const python = process.env.TORSOR_PEERS_PYTHON;
beforeEach(() => {
  process.env.TORSOR_PEERS_PYTHON = '/no/such/python';
});
afterEach(() => {
  if (python === undefined) delete process.env.TORSOR_PEERS_PYTHON;
  else process.env.TORSOR_PEERS_PYTHON = python;
});

test('a case counts the multiplications and additions of its matrix products', () => {
  // 17 x 42 + 42 x 42 + 42 x 42 + 42 x 7 products, two operations each
  expect(policyStep.find(({ name }) => name === '42x3 B=1')?.flops).toBe(2 * (714 + 1764 + 1764 + 294));
  // three times 17 x 64 + 64 x 64 + 64 x 7, less the gradient of the observation
  expect(ppoUpdate.find(({ name }) => name === '[64,64] M=4096')?.flops).toBe(
    4096 * 2 * (3 * (1088 + 4096 + 448) - 1088),
  );
  // 17 x 64 in the encoder, (64 + 128) x 512 in the LSTM, 128 x 7 in the heads; a sequence as an update
  const forward = 1088 + 98304 + 896;
  expect(lstmStep.find(({ rows }) => rows === 64)?.flops).toBe(64 * 2 * forward);
  expect(lstmSequence.find(({ resets }) => resets)?.flops).toBe(64 * 64 * 2 * (3 * forward - 1088));
});

test.each([
  [policyStep, '42x3 B=64'],
  [ppoUpdate, '[64,64] M=4096'],
  [lstmStep, 'E64 H128 B=64'],
  [lstmSequence, 'T=64 B=64 resets'],
])('a benchmark gives a result for its case, and names absent peers', async (cases, name) => {
  const wanted = cases.filter((task) => task.name === name);
  const options = { ...defaults, rounds: 1, seconds: 0.01, peers: ['torch'] };
  const [result] = await runBenchmark(wanted, options, () => {});
  expect(result).toMatchObject({ case: name, threads: 1, device: 'cpu', peers: {}, best_peer: null, ratio: null });
  expect(result?.absent.torch).toMatch(/ENOENT/);
  expect(result?.torsor_us).toBeGreaterThan(0);
  const flops = wanted[0]?.flops ?? 0;
  expect(result?.gflops).toBeCloseTo(flops / (result?.torsor_us ?? 1) / 1e3, 1);
});

test.each(['native collect B=16', 'sync step B=16', 'workers step B=16'])(
  'environments a second are counted: %s',
  async (name) => {
    const wanted = rollout.filter((task) => task.name === name);
    const options = { ...defaults, rounds: 1, seconds: 0.01, peers: ['bare'] };
    const [result] = await runBenchmark(wanted, options, () => {});
    expect(result?.per_second).toBeCloseTo((16 / (result?.torsor_us ?? 1)) * 1e6, -5);
    // The bare loop has the same environments to step, and no native ones or rollouts.
    expect(result?.best_peer).toBe(name.includes('step') ? 'bare' : null);
  },
);

test('no case is begun after the limit', async () => {
  expect(await runBenchmark(policyStep, { ...defaults, peers: [], limit: 0 }, () => {})).toEqual([]);
});

describe('on cuda', () => {
  beforeAll(useCuda, buildTimeout);

  test.each([
    [policyStep, '42x3 B=64'],
    [ppoUpdate, '[64,64] M=4096'],
    [lstmStep, 'E64 H128 B=64'],
    [lstmSequence, 'T=64 B=64 resets'],
    [ncdeStep, 'B=64 substeps 4'],
    [ncdeUpdate, 'B=64 substeps 4'],
  ])('the same cases, against what runs on a GPU', async (cases, name) => {
    const wanted = cases.filter((task) => task.name === name);
    const [result] = await runBenchmark(wanted, { ...defaults, device: 'cuda', rounds: 1, seconds: 0.01 }, () => {});
    expect(result).toMatchObject({ case: name, device: 'cuda', share_of_peak: null });
    expect(result?.torsor_us).toBeGreaterThan(0);
    expect(Object.keys(result?.absent ?? {})).toEqual(['torch', 'torch-compile', 'torch-graphs', 'jax']);
  });
});
