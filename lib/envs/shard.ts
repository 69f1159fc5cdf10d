// Shard: consecutive rows of a vector of environments, stepped one after the other by one thread.
import { TorsorError } from '../core/errors.js';
import type { MaskLayout } from '../models/action-layout.js';
import type { Key } from '../random/key.js';
import { Box } from '../spaces/box.js';
import { Discrete } from '../spaces/discrete.js';
import { MultiBinary } from '../spaces/multi-binary.js';
import { MultiDiscrete } from '../spaces/multi-discrete.js';
import { bringsMask, maskLayout, writeMask } from './action-mask.js';
import { checkFlag, checkObservation, checkReward, checkTuple } from './check-result.js';
import type { Autoreset, Environment, EnvironmentActionSpace, Info } from './environment.js';
import type { VectorMemory } from './vector-memory.js';

export interface ShardOptions {
  name: string;
  environments: readonly Environment[];
  /** Row of the first environment. */
  first: number;
  /** One for each environment: episode n is reset with the word of its place n. */
  keys: readonly Key[];
  autoreset: Autoreset;
  memory: VectorMemory;
  /** One number, written before every call of an environment: the row under way. */
  cursor: Int32Array;
}

/** A step writes a row when its environment returned and what it returned was checked, so a failure leaves the row's last observation whole. */
export class Shard {
  readonly #options: ShardOptions;
  readonly #observationSize: number;
  readonly #actionSpace: EnvironmentActionSpace;
  readonly #actions: readonly (Float32Array | Int32Array | Uint8Array)[];
  readonly #mask: MaskLayout | null;
  readonly #ofStep = (row: number): string => `step of environment ${row} (${this.#options.name})`;
  readonly #ofReset = (row: number): string => `reset of environment ${row} (${this.#options.name})`;

  constructor(options: ShardOptions) {
    this.#options = options;
    const { observationSpace, actionSpace } = options.environments[0] as Environment;
    this.#observationSize = observationSpace.size;
    this.#actionSpace = actionSpace;
    this.#actions = options.environments.map(() => allocateAction(actionSpace));
    this.#mask = maskLayout(actionSpace);
  }

  /** Starts an episode in every row, or in those where `rows` [count] is 1. */
  reset(rows?: Uint8Array): void {
    const { environments, first } = this.#options;
    for (let row = first; row < first + environments.length; row++) if (rows?.[row] !== 0) this.#startEpisode(row);
  }

  step(): void {
    const { environments, first, memory, autoreset } = this.#options;
    for (let row = first; row < first + environments.length; row++) {
      if (memory.ended[row] === 0) {
        this.#stepRow(row);
        continue;
      }
      if (autoreset === 'disabled') {
        throw new TorsorError(
          'INVALID_ARGUMENT',
          `${this.#ofStep(row)}: its episode has ended and autoreset is disabled; call resetRows before`,
        );
      }
      memory.reward[row] = 0;
      memory.terminated[row] = 0;
      memory.truncated[row] = 0;
      this.#startEpisode(row);
    }
  }

  close(): void {
    for (const environment of this.#options.environments) environment.close?.();
  }

  #stepRow(row: number): void {
    const { environments, first, memory, autoreset, cursor } = this.#options;
    cursor[0] = row;
    const result = (environments[row - first] as Environment).step(this.#actionOf(row));
    checkTuple(result, 4, '[observation, reward, terminated, truncated, info]', this.#ofStep, row);
    // By index: an iterator would be an object per step.
    const observation = result[0];
    const reward = result[1];
    const terminated = result[2];
    const truncated = result[3];
    checkObservation(observation, this.#observationSize, this.#ofStep, row);
    checkReward(reward, this.#ofStep, row);
    checkFlag('terminated', terminated, this.#ofStep, row);
    checkFlag('truncated', truncated, this.#ofStep, row);
    const ended = terminated || truncated;
    const resets = ended && autoreset === 'same-step';
    // What an environment forbids after the end is nobody's business.
    if (!ended) this.#takeMask(row, result[4], this.#ofStep);
    copyRow(observation, resets ? memory.finalObservation : memory.observation, row, this.#observationSize);
    memory.reward[row] = reward;
    memory.terminated[row] = terminated ? 1 : 0;
    memory.truncated[row] = truncated ? 1 : 0;
    if (resets) this.#startEpisode(row);
    else if (ended) {
      memory.ended[row] = 1;
      if (this.#mask !== null) memory.actionMask.fill(1, row * this.#mask.width, (row + 1) * this.#mask.width);
    }
  }

  #startEpisode(row: number): void {
    const { environments, keys, first, memory, cursor } = this.#options;
    cursor[0] = row;
    const episode = memory.episodes[row] as number;
    const seed = (keys[row - first] as Key).word(episode);
    memory.episodes[row] = episode + 1;
    memory.seed[row] = seed;
    const result = (environments[row - first] as Environment).reset({ seed });
    checkTuple(result, 1, '[observation, info]', this.#ofReset, row);
    const [observation, info] = result;
    checkObservation(observation, this.#observationSize, this.#ofReset, row);
    if (episode === 0 && bringsMask(info)) memory.masked[row] = 1;
    this.#takeMask(row, info, this.#ofReset);
    copyRow(observation, memory.observation, row, this.#observationSize);
    memory.ended[row] = 0;
  }

  /** A policy must know from the start whether there are masks; one that is missing later would allow what is forbidden. */
  #takeMask(row: number, info: Info, origin: (row: number) => string): void {
    const { masked, actionMask } = this.#options.memory;
    const brings = bringsMask(info);
    if (brings !== (masked[row] === 1)) {
      const problem = brings ? 'its first reset brought none' : 'missing, though its first reset brought one';
      throw new TorsorError(
        'INVALID_MASK',
        `action_mask from ${origin(row)}: ${problem}; expected one always or never`,
      );
    }
    if (brings) writeMask(origin, row, this.#mask, info, actionMask);
    else if (this.#mask !== null) actionMask.fill(1, row * this.#mask.width, (row + 1) * this.#mask.width);
  }

  #actionOf(row: number): never {
    const { first, memory } = this.#options;
    if (this.#actionSpace instanceof Discrete) return memory.action[row] as never;
    const own = this.#actions[row - first] as Float32Array;
    for (let i = 0; i < own.length; i++) own[i] = memory.action[row * own.length + i] as number;
    return (this.#actionSpace instanceof Box ? this.#actionSpace.clip(own) : own) as never;
  }
}

function copyRow(from: ArrayLike<number>, to: Float32Array, row: number, size: number): void {
  for (let i = 0; i < size; i++) to[row * size + i] = from[i] as number;
}

/** Memory for the action of one environment. */
function allocateAction(space: EnvironmentActionSpace): Float32Array | Int32Array | Uint8Array {
  if (space instanceof MultiDiscrete) return new Int32Array(space.size);
  return space instanceof MultiBinary ? new Uint8Array(space.size) : new Float32Array(space.size);
}
