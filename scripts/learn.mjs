// `npm run learn -- [NAME…] [--seeds N] [--model NAME] [--steps N]`: trains on each environment named (all with a goal, without a name) with
// seeds 0 … N - 1, and fails unless nine in ten of them reach the return that counts as solved within two minutes.
// `npm run learn -- [NAME…] --table PAGE [--seeds N] [--model NAME] [--redo]`: trains every environment with every model, or those named, and writes
// the table of PAGE. Results are kept beside those of the benchmarks: only what is missing is trained, with --redo all that is named.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { environments, models } from './learn/environments.mjs';
import { mostSeeds } from './learn/statistics.mjs';
import { root, setupOrExit } from './setup.mjs';

const timeLimit = 120;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '10' },
    model: { type: 'string' },
    steps: { type: 'string' },
    table: { type: 'string' },
    redo: { type: 'boolean', default: false },
  },
});
const seeds = Number(values.seeds);
/** What the table has no place for. */
function refuseForTable() {
  if (values.steps !== undefined) return '--steps: the table is of the steps of the presets';
  if (!(seeds <= mostSeeds)) return `--seeds: expected at most ${mostSeeds} for the table, got ${values.seeds}`;
  const unknown = positionals.filter((env) => !(env in environments));
  if (unknown.length > 0) return `expected environments of the table, got ${unknown.join(', ')}`;
  if (!models.includes(values.model ?? models[0])) return `--model: expected one of ${models.join(', ')}`;
  return undefined;
}
const refusal = values.table === undefined ? undefined : refuseForTable();
if (refusal !== undefined) {
  console.error(refusal);
  process.exit(1);
}
await setupOrExit();

/** Whether nine in ten seeds of each environment reach its goal in time. */
async function reachesGoals(envs) {
  const { train } = await import('./learn/train.mjs');
  let failed = false;
  for (const env of envs) {
    const { goal = Number.NEGATIVE_INFINITY } = environments[env] ?? {};
    let reached = 0;
    for (let seed = 0; seed < seeds; seed++) {
      const { meanReturn, steps, seconds } = await train({ env, seed, model: values.model, steps: values.steps });
      const good = meanReturn >= goal && seconds <= timeLimit;
      if (good) reached++;
      const numbers = `return ${meanReturn.toFixed(2).padStart(8)}  ${steps} steps  ${seconds.toFixed(1)} s`;
      console.log(`${env} seed ${seed}: ${numbers}${good ? '' : '  MISSED'}`);
    }
    console.log(`${env}: ${reached} of ${seeds} seeds reached ${Number.isFinite(goal) ? goal : 'the end'}`);
    if (reached < 0.9 * seeds) failed = true;
  }
  return !failed;
}

/** Whether all trainings succeeded; the table is written in any case. */
async function fillTable(envs, chosen) {
  const { Results } = await import('./learn/results.mjs');
  const { trainMissing } = await import('./learn/matrix.mjs');
  const { writeTable } = await import('./learn/table.mjs');
  const results = new Results(path.join(root, 'bench', 'results', 'learning.json'));
  if (values.redo) for (const env of envs) for (const model of chosen) results.drop(env, model);
  const complete = await trainMissing(results, { envs, models: chosen, seeds });
  writeTable(path.resolve(values.table), results);
  return complete;
}

const named = positionals.length > 0 ? positionals : undefined;
const withGoal = Object.keys(environments).filter((env) => environments[env].goal !== undefined);
const good =
  values.table === undefined
    ? await reachesGoals(named ?? withGoal)
    : await fillTable(named ?? Object.keys(environments), values.model === undefined ? models : [values.model]);
process.exitCode = good ? 0 : 1;
