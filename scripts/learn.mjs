// `npm run learn -- [NAME…] [--seeds N] [--model NAME] [--steps N]`: trains on each environment named (all with a goal, without a name) with
// seeds 0 … N - 1, and fails unless nine in ten of them reach the return that counts as solved within two minutes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root, setupOrExit } from './setup.mjs';

const solved = {
  'Pendulum-v1': -250,
  'CartPole-v1': 475,
  'Acrobot-v1': -100,
  'MountainCar-v0': -120,
  'MountainCarContinuous-v0': 90,
  'PendulumMasked-v1': -300,
  'CartPoleMasked-v1': 450,
  'RepeatPrevious-k2': 0.95,
  'RepeatPrevious-k4': 0.95,
};
const timeLimit = 120;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: 'string', default: '10' }, model: { type: 'string' }, steps: { type: 'string' } },
});
const { seeds: seedCount, ...rest } = values;
const passedOn = Object.entries(rest).flatMap(([name, value]) => [`--${name}`, value]);
await setupOrExit();

/** The last line of `torsor train --json`, with the seconds of the whole command. */
function train(env, seed, folder) {
  const main = path.join(root, 'dist', 'cli', 'main.js');
  const options = ['--env', env, '--seed', String(seed), '--json', ...passedOn];
  const start = performance.now();
  const run = spawnSync(process.execPath, [main, 'train', ...options], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(`train ${options.join(' ')} failed: ${run.stderr}`);
  const done = JSON.parse(run.stdout.trim().split('\n').at(-1));
  return { ...done, seconds: (performance.now() - start) / 1000 };
}

let failed = false;
const folder = mkdtempSync(path.join(tmpdir(), 'torsor-learn-'));
try {
  for (const env of positionals.length > 0 ? positionals : Object.keys(solved)) {
    let reached = 0;
    const seeds = Number(seedCount);
    for (let seed = 0; seed < seeds; seed++) {
      const { meanReturn, steps, seconds } = train(env, seed, folder);
      const good = meanReturn >= (solved[env] ?? Number.NEGATIVE_INFINITY) && seconds <= timeLimit;
      if (good) reached++;
      const numbers = `return ${meanReturn.toFixed(2).padStart(8)}  ${steps} steps  ${seconds.toFixed(1)} s`;
      console.log(`${env} seed ${seed}: ${numbers}${good ? '' : '  MISSED'}`);
    }
    console.log(`${env}: ${reached} of ${seeds} seeds reached ${solved[env] ?? 'the end'}`);
    if (reached < 0.9 * seeds) failed = true;
  }
} finally {
  rmSync(folder, { recursive: true });
}
process.exitCode = failed ? 1 : 0;
