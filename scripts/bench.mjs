// `npm run bench -- NAME [--json] [--device cpu|cuda] [--threads N] [--rounds N] [--seconds S] [--limit S] [--only TEXT] [--peers a,b]`: one file of bench/ per NAME.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root, setupOrExit } from './setup.mjs';

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    device: { type: 'string' },
    threads: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    limit: { type: 'string' },
    only: { type: 'string' },
    peers: { type: 'string' },
  },
});
const say = given.json ? console.error : console.log;

const helpers = ['contenders.mjs', 'harness.mjs', 'peak.mjs', 'workloads.mjs'];
const names = readdirSync(path.join(root, 'bench'))
  .filter((file) => file.endsWith('.mjs') && !helpers.includes(file))
  .map((file) => file.slice(0, -'.mjs'.length));
const [name] = positionals;
if (positionals.length !== 1 || !names.includes(name)) {
  console.error(`which benchmark? npm run bench -- NAME [--json], where NAME is one of: ${names.join(', ')}`);
  process.exit(1);
}

if (!['cpu', 'cuda', undefined].includes(given.device)) {
  console.error(`--device: expected cpu or cuda, got '${given.device}'`);
  process.exit(1);
}

await setupOrExit({ say });
const { cases } = await import(`../bench/${name}.mjs`);
const { runBenchmark, defaults } = await import('../bench/harness.mjs');
const number = (option) => (given[option] === undefined ? defaults[option] : Number(given[option]));
const options = {
  device: given.device ?? defaults.device,
  threads: number('threads'),
  rounds: number('rounds'),
  seconds: number('seconds'),
  limit: number('limit'),
  peers: given.peers?.split(','),
};
const wanted = cases.filter((task) => !given.only || task.name.includes(given.only));
const results = await runBenchmark(wanted, options, say);
if (given.json) console.log(JSON.stringify(results, null, 2));
