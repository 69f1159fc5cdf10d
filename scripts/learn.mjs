// `npm run learn -- [NAME…] [--seeds N] [--model NAME] [--steps N]`: trains on each environment named (all with a goal, without a name) with
// seeds 0 … N - 1, and fails unless nine in ten of them reach the return that counts as solved within two minutes.
// `npm run learn -- [NAME…] --table PAGE [--seeds N] [--model NAME] [--redo]`: trains every environment with every model, or those named, for the
// steps of the presets and for those of who is compared with, and writes the tables of PAGE. Results are kept beside those of the benchmarks: only what is missing is trained, with --redo all that is named.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { environments, models } from './learn/environments.mjs';
import { reachesGoal } from './learn/goals.mjs';
import { trainMissing } from './learn/matrix.mjs';
import { parts } from './learn/parts.mjs';
import { Results } from './learn/results.mjs';
import { mostSeeds } from './learn/statistics.mjs';
import { root, setupOrExit } from './setup.mjs';

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
const { model, steps, table, redo } = values;
const seeds = Number(values.seeds);
const named = positionals.length > 0 ? positionals : undefined;

async function testGoals() {
  await setupOrExit();
  let good = true;
  for (const env of named ?? Object.keys(environments).filter((env) => environments[env].goal !== undefined))
    good = (await reachesGoal(env, { seeds, model, steps })) && good;
  return good;
}

/** What the table has no place for, in words. */
function refusal() {
  if (steps !== undefined) return '--steps: the table is of the steps of the presets';
  if (!(seeds <= mostSeeds)) return `--seeds: expected at most ${mostSeeds} for the table, got ${values.seeds}`;
  const unknown = positionals.filter((env) => !(env in environments));
  if (unknown.length > 0) return `expected environments of the table, got ${unknown.join(', ')}`;
  if (!models.includes(model ?? models[0])) return `--model: expected one of ${models.join(', ')}, got ${model}`;
  return undefined;
}

/** The tables are written even where a training failed. */
async function fillTables() {
  const refused = refusal();
  if (refused !== undefined) {
    console.error(refused);
    return false;
  }
  await setupOrExit();
  const { writeTable } = await import('./learn/table.mjs'); // needs dist/
  const chosen = model === undefined ? models : [model];
  let complete = true;
  for (const [part, { rows, stepsOf }] of Object.entries(parts)) {
    const results = new Results(path.join(root, 'bench', 'results', 'learning.json'), part);
    const envs = rows.filter((env) => named?.includes(env) ?? true);
    if (redo) for (const env of envs) for (const name of chosen) results.drop(env, name);
    complete = (await trainMissing(results, { envs, models: chosen, seeds, stepsOf })) && complete;
    writeTable(path.resolve(table), part, results);
  }
  return complete;
}

process.exitCode = (await (table === undefined ? testGoals() : fillTables())) ? 0 : 1;
