// The Markdown tables of final returns, environments down and models across, put into a page, each between its marks.
import { readFileSync, writeFileSync } from 'node:fs';
import { chance } from './chance.mjs';
import { environments, models } from './environments.mjs';
import { parts } from './parts.mjs';
import { meanOfSeeds } from './statistics.mjs';

const marks = {
  presetSteps: { begin: '<!-- begin of the table: npm run learn -->', end: '<!-- end of the table -->' },
  peerSteps: {
    begin: '<!-- begin of the table at equal steps: npm run learn -->',
    end: '<!-- end of the table at equal steps -->',
  },
};
/** Of this many seeds nothing is said. */
const usual = 10;

const minus = (text) => text.replaceAll('-', '−');
/** Returns of RepeatPrevious lie between 0 and 1, those of Navigation are some tens. */
const digits = (env) => (env.startsWith('RepeatPrevious') ? 3 : 1);
const short = (steps) => (steps < 1e6 ? `${Math.round(steps / 1e3)}k` : `${Number((steps / 1e6).toFixed(2))}M`);

function cellText(cell, env) {
  if (cell === undefined) return 'not run';
  const returns = cell.runs.map(({ meanReturn }) => meanReturn);
  const { mean, half } = meanOfSeeds(returns);
  const places = digits(env);
  const interval = Number.isNaN(half) ? '' : ` ± ${half.toFixed(places)}`;
  const count = returns.length === usual ? '' : ` (${returns.length})`;
  return minus(`${mean.toFixed(places)}${interval}${count}`);
}

/** Steps of the models that were run: presets give all models the same. */
function stepsText(results, env) {
  const steps = models.flatMap((model) => results.cell(env, model)?.steps ?? []);
  return [...new Set(steps)].map(short).join(', ');
}

/** Columns before and after those of the models: their heads, and what an environment has there. */
const columns = {
  presetSteps: {
    before: {
      known: (env) => minus(environments[env].known ?? ''),
      chance: (env) => minus(chance(env).toFixed(digits(env))),
      steps: (env, results) => stepsText(results, env),
    },
    after: {},
  },
  peerSteps: {
    before: { steps: (env, results) => stepsText(results, env) },
    after: {
      'SB3 PPO': (env) => {
        const { mean, deviation } = environments[env].peer;
        return minus(`${mean.toFixed(1)} ± ${deviation.toFixed(1)}`);
      },
      'its steps': (env) => short(environments[env].peer.steps),
    },
  },
};

function tableOf(part, results) {
  const { before, after } = columns[part];
  const texts = (side, env) => Object.values(side).map((text) => text(env, results));
  const rows = parts[part].rows.map((env) => [
    env,
    ...texts(before, env),
    ...models.map((model) => cellText(results.cell(env, model), env)),
    ...texts(after, env),
  ]);
  const head = ['environment', ...Object.keys(before), ...models, ...Object.keys(after)];
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const { date, processor, commits } = results;
  return [`${date}, ${processor}, one thread a run, code of ${commits.join(', ')}.`, '', ...lines].join('\n');
}

/** Puts the table of a part between its marks in a page, which has to have them. */
export function writeTable(page, part, results) {
  const { begin, end } = marks[part];
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has to hold the lines '${begin}' and '${end}'`);
  writeFileSync(page, `${text.slice(0, from)}${begin}\n\n${tableOf(part, results)}\n\n${text.slice(to)}`);
}
