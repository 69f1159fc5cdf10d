// `npm run device -- [STAGE…] [--emulated] [--minutes N] [--steps N] [--seeds N]`: what a machine with a GPU can show, stage by stage (all of
// them without a name): builds both addons, runs the tests with the GPU, the kernels under NVIDIA's checkers, the golden vectors, training and
// the benchmarks. A stage that fails or takes too long does not keep the others from running. Prints a table, and writes what came out as JSON
// to bench/results/, or to the folder OUT names. `--emulated` has the emulated device of the tests play the GPU, to try all this without one.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from './device/machine.mjs';
import { row, runStage } from './device/run.mjs';
import { chosen, stages } from './device/stages.mjs';
import { root } from './setup.mjs';

function options() {
  const number = (least) => (text, name) => {
    const value = Number(text);
    if (!(value >= least)) throw new Error(`--${name}: expected a number of at least ${least}, got '${text}'`);
    return value;
  };
  const numbers = { minutes: ['9.5', number(0)], steps: ['50000', number(1)], seeds: ['3', number(1)] };
  const known = Object.entries(numbers).map(([name, [text]]) => [name, { type: 'string', default: text }]);
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { emulated: { type: 'boolean', default: false }, ...Object.fromEntries(known) },
  });
  const read = Object.entries(numbers).map(([name, [, parse]]) => [name, parse(values[name], name)]);
  return { emulated: values.emulated, ...Object.fromEntries(read), names: positionals };
}

/** The whole run; returns the exit code. */
async function main({ names, minutes, ...given }) {
  const wanted = chosen(stages(given), names);
  const folder = path.resolve(process.env.OUT ?? path.join(root, 'bench', 'results'));
  mkdirSync(folder, { recursive: true });
  const about = machine(given.emulated);
  const name = `${about.date.slice(0, 16).replaceAll(':', '')}-${given.emulated ? 'emulated' : 'cuda'}.json`;
  const end = performance.now() + 60_000 * minutes;
  const results = [];
  // After every stage, so that what is known stays known when somebody ends the whole.
  const write = () =>
    writeFileSync(path.join(folder, name), `${JSON.stringify({ ...about, stages: results }, null, 2)}\n`);
  for (const [k, stage] of wanted.entries()) {
    console.log(`${stage.name} …`);
    const left = (end - performance.now()) / 1000;
    // Benchmarks, which come last, share what is left.
    const share = stage.group === 'bench' ? left / (wanted.length - k) : left;
    const result = await runStage(stage, Math.min(stage.seconds, share));
    if (result.outcome === 'failed' || result.outcome === 'timed out') console.log(result.output);
    results.push(result);
    write();
  }
  const which = about.gpus.length > 1 ? ` (number ${about.gpuIndex} of ${about.gpus.length})` : '';
  console.log(
    `\n${about.gpu ?? 'no GPU'}${which}, driver ${about.driver ?? 'none'}, commit ${about.commit ?? 'unknown'}`,
  );
  for (const result of results) console.log(row(result));
  console.log(path.join(folder, name));
  return results.every(({ outcome }) => outcome === 'passed' || outcome === 'skipped') ? 0 : 1;
}

try {
  process.exitCode = await main(options());
} catch (error) {
  console.error(`device: ${error.message}`);
  process.exitCode = 2;
}
