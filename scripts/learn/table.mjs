// The Markdown table of final returns, environments down and models across, put into a page between two marks.
import { readFileSync, writeFileSync } from 'node:fs';
import { chance } from './chance.mjs';
import { environments, models } from './environments.mjs';
import { meanOfSeeds } from './statistics.mjs';

const begin = '<!-- begin of the table: npm run learn -->';
const end = '<!-- end of the table -->';
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

function peerText({ peer }, env) {
  if (peer === undefined) return '';
  const places = digits(env);
  return minus(`${peer.mean.toFixed(places)} ± ${peer.deviation.toFixed(places)} (${short(peer.steps)})`);
}

/** Steps of the models that were run: presets give all models the same. */
function stepsText(results, env) {
  const steps = models.flatMap((model) => results.cell(env, model)?.steps ?? []);
  return [...new Set(steps)].map(short).join(', ');
}

export function tableOf(results) {
  const rows = Object.entries(environments).map(([env, about]) => [
    env,
    minus(about.known ?? ''),
    minus(chance(env).toFixed(digits(env))),
    stepsText(results, env),
    ...models.map((model) => cellText(results.cell(env, model), env)),
    peerText(about, env),
  ]);
  const head = ['environment', 'known', 'chance', 'steps', ...models, 'SB3 PPO (its steps)'];
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const { date, processor, commits } = results;
  return [`${date}, ${processor}, one thread a run, code of ${commits.join(', ')}.`, '', ...lines].join('\n');
}

/** Puts the table between the marks of a page, which has to have them. */
export function writeTable(page, results) {
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has to hold the lines '${begin}' and '${end}'`);
  writeFileSync(page, `${text.slice(0, from)}${begin}\n\n${tableOf(results)}\n\n${text.slice(to)}`);
}
