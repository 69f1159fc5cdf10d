// `torsor eval`: the returns of a saved policy.
import type { DeviceChoice } from '../addon/load.js';
import { TorsorError } from '../core/errors.js';
import { NativeVectorEnvironment } from '../envs/native-vector-environment.js';
import { metadataObject, readCheckpoint } from '../io/checkpoint.js';
import { Model } from '../models/model.js';
import { evaluatePolicy } from '../rollout/evaluate.js';
import { checkpointPath } from './checkpoint-path.js';
import { type Command, exitCodes } from './command.js';
import { writeEvent } from './json-logger.js';
import { count, readOptions, UsageError, word } from './options.js';

const options = {
  env: { type: 'string' },
  episodes: { type: 'string', default: '100' },
  seed: { type: 'string', default: '1' },
  device: { type: 'string', default: 'cpu' },
  stochastic: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

export const evalCommand: Command = {
  summary: 'runs episodes with a saved policy and says what they return',
  help: `torsor eval WHAT — runs episodes with a saved policy and says what they return

WHAT is a checkpoint, or the folder of a run: its best checkpoint then, or the last where there is no best one.

  --env NAME        environment (default: that of the training)
  --episodes N      whole episodes (default 100)
  --seed N          of initial states and actions (default 1)
  --stochastic      sample actions; otherwise the most likely one is taken
  --device NAME     cpu, cuda, cuda:1 …, or auto (default cpu)
  --json            one JSON object, with the return and length of every episode
  --help            this text`,
  async run(argv, output) {
    const { values, positionals } = readOptions(argv, options, 1);
    const episodes = count('--episodes', values.episodes, 1) as number;
    const key = count('--seed', values.seed, 0) as number;
    const file = await checkpointPath(word(positionals, 'a checkpoint or the folder of a run'));
    const env = values.env ?? (await trainedOn(file));
    const device = values.device as DeviceChoice;
    const model = await Model.load(file, { device });
    const environment = new NativeVectorEnvironment({ name: env, count: episodes, key, device });
    const result = await evaluatePolicy(model, environment, { episodes, key, deterministic: !values.stochastic });
    const { meanReturn, standardError, returns, lengths } = result;
    if (values.json) {
      writeEvent(output, 'evaluation', {
        checkpoint: file,
        env,
        episodes,
        meanReturn,
        standardError,
        returns,
        lengths,
      });
      return exitCodes.ok;
    }
    const kind = values.stochastic ? 'stochastic' : 'deterministic';
    const length = lengths.reduce((sum, n) => sum + n, 0) / lengths.length;
    output.write(`${file} on ${env}, ${episodes} episodes, ${kind}\n`);
    output.write(
      `Return  ${meanReturn.toFixed(2)} ± ${standardError.toFixed(2)}, from ${least(returns)} to ${most(returns)}\n`,
    );
    output.write(`Length  ${length.toFixed(1)}\n`);
    return exitCodes.ok;
  },
};

const least = (values: readonly number[]): string => Math.min(...values).toFixed(2);
const most = (values: readonly number[]): string => Math.max(...values).toFixed(2);

/** The environment that a checkpoint of a trainer was made on. */
async function trainedOn(file: string): Promise<string> {
  const checkpoint = await readCheckpoint(file);
  if (checkpoint.metadata.trainer === undefined)
    throw new UsageError(`${file} is a model without a trainer: name an environment with --env`);
  const { environment } = metadataObject(checkpoint, 'trainer', file) as { environment?: { name?: unknown } };
  if (typeof environment?.name === 'string') return environment.name;
  throw new TorsorError('CORRUPT_FILE', `${file}: trainer in the metadata names no environment`);
}
