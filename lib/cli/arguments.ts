// The command line of `torsor train`: what may be typed, and what is wrong with what was.
import { parseArgs } from 'node:util';

export interface TrainArguments {
  env: string;
  /** Undefined: that of the preset. */
  model?: string;
  seed: number;
  /** Undefined: that of the preset. */
  steps?: number;
  device: string;
  json: boolean;
  /** Folder of what is written. Undefined: runs/<env>-<model>-<seed>. */
  out?: string;
}

/** Something typed wrong: exit code 2, with a hint to --help. */
export class UsageError extends Error {}

export const help = `torsor train — trains a policy with PPO and saves it

  --env NAME      environment (default Pendulum-v1; also CartPole-v1, CartPoleMasked-v1, PendulumMasked-v1, RepeatPrevious-k4, …)
  --model NAME    model (default SharedActorCritic, where a memory is needed LSTMActorCritic; also ActorCritic, MinGRUActorCritic,
                  MLPActorCriticPolicy, NCDEActorCriticPolicy)
  --seed N        where all randomness comes from (default 1)
  --steps N       steps of all environments together (default: enough to learn the environment)
  --device NAME   cpu, cuda or auto (default cpu)
  --out FOLDER    where checkpoint and metrics go (default runs/<env>-<model>-<seed>)
  --json          every line of output is one JSON object; the last is {"event":"done",…}
  --help          this text

Ctrl-C ends training after the iteration under way and saves what was learned.`;

const known = {
  env: { type: 'string', default: 'Pendulum-v1' },
  model: { type: 'string' },
  seed: { type: 'string', default: '1' },
  steps: { type: 'string' },
  device: { type: 'string', default: 'cpu' },
  out: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false, short: 'h' },
} as const;

/** 'help' when that was asked for. @throws UsageError */
export function trainArguments(argv: readonly string[]): TrainArguments | 'help' {
  const { env, model, seed, steps, device, out, json, help: asked } = parse(argv);
  if (asked) return 'help';
  return {
    env,
    ...(model !== undefined && { model }),
    seed: count('--seed', seed, 0),
    ...(steps !== undefined && { steps: count('--steps', steps, 1) }),
    device,
    json,
    ...(out !== undefined && { out }),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: known, strict: true }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function count(name: string, text: string, least: number): number {
  const value = Number(text.replaceAll('_', ''));
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`${name}: expected an integer of at least ${least}, got '${text}'`);
}
