// `learning.mjs STEPS SEEDS SECONDS`: a short training run of each environment on the GPU against the CPU. The mean of the GPU's final returns
// has to lie within the CPU's spread: between its lowest and its highest, and half that distance beyond, or 2 % of its mean where all are alike.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { NativeVectorEnvironment } from '../../dist/index.js';
import { root } from '../setup.mjs';

const [steps, seeds, seconds] = process.argv.slice(2).map(Number);
const end = performance.now() + 1000 * seconds;
const folder = mkdtempSync(path.join(tmpdir(), 'torsor-learning-'));

/** The return of the trained policy, and the learning curve: [steps, mean return] of every iteration. */
function train(env, device, seed) {
  const out = path.join(folder, `${env}-${device}-${seed}`);
  const options = ['--env', env, '--device', device, '--seed', seed, '--steps', steps, '--out', out, '--json'].map(
    String,
  );
  const run = spawnSync(process.execPath, [path.join(root, 'dist', 'cli', 'main.js'), 'train', ...options], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (run.status !== 0) throw new Error(run.stderr.trim() || `ended with ${run.status ?? run.signal}`);
  const done = JSON.parse(run.stdout.trim().split('\n').at(-1));
  const curve = readFileSync(path.join(out, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map((metrics) => [metrics.steps, metrics.meanReturn]);
  return { seed, meanReturn: done.meanReturn, seconds: done.seconds, curve };
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

/** The range in which the mean of the GPU has to lie. */
function spread(returns) {
  const [low, high] = [Math.min(...returns), Math.max(...returns)];
  const margin = Math.max((high - low) / 2, 0.02 * Math.abs(mean(returns)));
  return [low - margin, high + margin];
}

function compare(env) {
  if (performance.now() > end) return { env, outcome: 'not run' };
  try {
    const [cpu, cuda] = ['cpu', 'cuda'].map((device) =>
      Array.from({ length: seeds }, (_, seed) => train(env, device, seed)),
    );
    const [low, high] = spread(cpu.map(({ meanReturn }) => meanReturn));
    const reached = mean(cuda.map(({ meanReturn }) => meanReturn));
    return { env, outcome: reached >= low && reached <= high ? 'within' : 'outside', reached, low, high, cpu, cuda };
  } catch (error) {
    return { env, outcome: 'failed', message: error.message };
  }
}

try {
  const environments = NativeVectorEnvironment.names.map(compare);
  console.log(JSON.stringify(environments));
  process.exitCode = environments.every(({ outcome }) => outcome === 'within') ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
