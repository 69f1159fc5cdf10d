// The stages of scripts/device.mjs, in their order: name, limit in seconds, command (some want to know how long they may take), and what its
// output says.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from '../setup.mjs';

const node = process.execPath;
const vitest = [node, path.join('node_modules', 'vitest', 'vitest.mjs'), 'run'];
const emulatedAddon = path.join(root, 'build', 'emulated', 'torsor_emulated.so');
const emulatedBuild = {
  ...{ name: 'build-emulated', group: 'build', seconds: 300 },
  command: ['cmake', '--build', 'build', '--target', 'torsor_emulated'],
};
const benchOptions = ['--json', '--device', 'cuda', '--rounds', '3'];
const benchmarks = ['policy-step', 'ppo-update', 'lstm-step', 'lstm-sequence', 'ncde-step', 'ncde-update'];

/** Tests leave their numbers in a file, see scripts/tally-reporter.mjs; what failed stands in their output. */
function tests(name, seconds, args) {
  const tally = path.join(tmpdir(), `torsor-device-${process.pid}-${name}.json`);
  const read = ({ output }) => {
    const { passed, failed, skipped } = JSON.parse(readFileSync(tally, 'utf8'));
    rmSync(tally);
    const failures = output.split('\n').filter((line) => line.includes(' FAIL '));
    return { summary: `${passed} passed, ${failed} failed, ${skipped} skipped`, details: { failures } };
  };
  return { name, seconds, command: [...vitest, ...args], env: { TORSOR_PARITY: 'device', TORSOR_TALLY: tally }, read };
}

/** One of NVIDIA's checkers on a short program that runs every kernel. */
function checker(tool, seconds, emulated) {
  const found = !emulated && spawnSync('compute-sanitizer', ['--version']).status === 0;
  const options = ['--tool', tool, '--error-exitcode', '1', '--print-limit', '20'];
  const read = ({ output }) => ({ summary: /(ERROR|RACECHECK) SUMMARY: .*/.exec(output)?.[0] });
  return {
    ...{ name: tool, group: 'check', seconds, read },
    command: ['compute-sanitizer', ...options, node, 'scripts/device/kernels.mjs'],
    ...(!found && { absent: emulated ? 'not for the emulated device' : 'no compute-sanitizer on PATH' }),
  };
}

function readGolden({ stdout }) {
  const { files } = JSON.parse(stdout);
  const wrong = files.filter(({ status }) => status !== 'ok');
  return { summary: `${files.length - wrong.length} of ${files.length} files within tolerance`, details: wrong };
}

function readLearning({ stdout }) {
  const environments = JSON.parse(stdout);
  const good = environments.filter(({ outcome }) => outcome === 'within').length;
  return { summary: `${good} of ${environments.length} environments within the CPU's spread`, details: environments };
}

function readBenchmark({ stdout }) {
  const cases = JSON.parse(stdout);
  const ratios = cases.map((each) => `${each.case}: ${each.ratio ? `${each.ratio} x ${each.best_peer}` : 'no peer'}`);
  return { summary: ratios.join(', '), details: cases };
}

/**
 * @typedef {{ output: string, stdout: string }} Run
 * @typedef {{
 *   name: string, group?: string, seconds: number, command: string[] | ((limit: number) => string[]), env?: Record<string, string>,
 *   absent?: string, read?: (run: Run) => { summary?: string, details?: unknown },
 * }} Stage
 * @returns {Stage[]}
 */
export function stages({ emulated, steps, seeds }) {
  // Neither begins anything new in the last part of its time.
  const learn = (limit) => [node, 'scripts/device/learning.mjs', ...[steps, seeds, 0.8 * limit].map(String)];
  const bench = (name) => ({
    name: `bench-${name}`,
    group: 'bench',
    seconds: 400,
    command: (limit) => [node, 'scripts/bench.mjs', name, ...benchOptions, '--limit', String(0.6 * limit)],
    read: readBenchmark,
  });
  const all = [
    { name: 'build', seconds: 400, command: [node, 'scripts/setup.mjs'] },
    ...(emulated ? [emulatedBuild] : []),
    // The package is npm's business, which need not be there.
    tests('test', 500, ['--exclude', 'test/packaging/**']),
    tests('parity', 300, ['test/parity']),
    {
      name: 'kernels',
      seconds: 60,
      command: [node, 'scripts/device/kernels.mjs'],
      read: ({ stdout }) => ({ summary: stdout.trim() }),
    },
    checker('memcheck', 180, emulated),
    checker('racecheck', 240, emulated),
    checker('initcheck', 180, emulated),
    {
      name: 'golden',
      seconds: 120,
      command: [node, 'scripts/golden.mjs', '--device', 'cuda', '--json'],
      read: readGolden,
    },
    {
      name: 'learn',
      seconds: 240,
      command: learn,
      read: readLearning,
    },
    ...benchmarks.map(bench),
  ];
  // Set-up compiles again where this is another than last time.
  const env = emulated ? { TORSOR_CUDA_ADDON: emulatedAddon } : { TORSOR_CUDA: 'ON', CUDA_DEVICE_ORDER: 'PCI_BUS_ID' }; // as nvidia-smi has them, see machine.mjs
  return all.map((stage) => ({ ...stage, env: { ...env, ...stage.env } }));
}

/** Those with a name, or of a group, that is among `names`, in their own order; all without one. */
export function chosen(all, names) {
  const known = new Set(all.flatMap(({ name, group = name }) => [name, group]));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw new Error(`there is no stage '${unknown}'; there are: ${[...known].join(', ')}`);
  return names.length === 0 ? all : all.filter(({ name, group }) => names.includes(name) || names.includes(group));
}
