// The boundary to the native core: environments and rollouts.
import type { Bytes, Floats, Ints, NativeKey } from './native-memory.js';

export interface NativeEnvironmentInfo {
  name: string;
  observationSize: number;
  /** Dimensions of a Box action, or number of discrete actions. */
  actionSize: number;
  discrete: boolean;
  observationLow: number[];
  observationHigh: number[];
  actionLow: number[];
  actionHigh: number[];
  maxEpisodeSteps: number;
  stateSize: number;
}

/** Environments stepped natively, all at once; same-step autoreset. */
export interface NativeEnvironment {
  readonly info: NativeEnvironmentInfo;
  readonly count: number;
  reset(observation: Floats): void;
  /** `finalObservation` rows are written only where an episode ended. Flags are 0 or 1. */
  step(
    action: Floats | Ints,
    observation: Floats,
    reward: Floats,
    terminated: Bytes,
    truncated: Bytes,
    finalObservation: Floats,
  ): void;
  /** Physical states [count][stateSize], episode step counts and episode numbers, for checkpoints and tests. */
  readState(state: Float32Array, steps: Int32Array, episodes: Int32Array): void;
  writeState(state: Float32Array, steps: Int32Array, episodes: Int32Array): void;
  observe(observation: Floats): void;
  dispose(): void;
}

/** Tells whether its time is over since it was made or restarted. A clock of JavaScript would leave a number on the heap each time it is asked. */
export interface NativeTimer {
  readonly over: boolean;
  restart(): void;
}

/** Sums over the episodes that ended in a rollout. */
export interface NativeEpisodes {
  count: number;
  returnSum: number;
  lengthSum: number;
}

/**
 * Columns [horizon][environments] of one rollout, on the device. Arrays have a row for every environment, of which a step reads and writes `rows`
 * rows from `first` on: environments may be at different steps. Default: all.
 */
export interface NativeRollout {
  readonly horizon: number;
  readonly environments: number;
  /**
   * What `act` reads and writes from now on. The arrays are kept alive; whoever bound them makes sure that they are neither transferred to another
   * thread nor shrunk. Step t draws its noise from the place `key.counter + t`.
   */
  bindAct(observation: Floats, mask: Bytes | null, action: Floats | Ints, key: NativeKey): void;
  /** Policy step into row t; the observation is copied into the rollout. */
  act(t: number, first?: number, rows?: number): void;
  /** What `record` reads from now on, as `bindAct`. */
  bindRecord(reward: Floats, terminated: Bytes, truncated: Bytes, finalObservation: Floats): void;
  /** Rewards and flags of row t. `finalObservation` is read where truncated, for the bootstrap. */
  record(t: number, first?: number, rows?: number): void;
  /** Value of the observation after the last step. */
  finish(observation: Floats): void;
  /** The whole horizon with a native environment, off the JavaScript thread. The key's counter is that of the first step. */
  collect(environment: NativeEnvironment, key: NativeKey): Promise<NativeEpisodes>;
  /** observation, latent, log_prob, value, reward, terminated, truncated, advantage, return; flat float32 copies. */
  read(column: string, target: Float32Array): void;
  /**
   * Sets a column to what came from elsewhere: observation, latent, log_prob, value, reward, terminated, last_value [environments], or carries,
   * [segments][carryWidth] before the burn-in of every segment.
   */
  write(column: string, source: Float32Array): void;
  /**
   * Advantages and returns by V-trace (GAE where both clips are >= 1 and ratios are 1). `ratio` [horizon][environments] is the
   * probability of the actions under the policy to learn for over that which acted; without it, 1.
   */
  advantage(gamma: number, lambda: number, rhoClip: number, cClip: number, ratio?: Floats): void;
  /** Recurrent models: the carry of every environment now, [environments][carryWidth]. */
  readCarry(target: Float32Array): void;
  writeCarry(carry: Float32Array): void;
  /**
   * What the burn-in of the next rollout starts from: observations and ends of its steps, [burnIn][environments]…, and the carry before
   * them, [environments][carryWidth], empty without a burn-in.
   */
  readBurnIn(observation: Float32Array, done: Uint8Array, carry: Float32Array): void;
  writeBurnIn(observation: Float32Array, done: Uint8Array, carry: Float32Array): void;
  /** Running statistics of rewards: [count, mean, variance] of discounted returns, and behind them the return of every environment so far. */
  readScaling(target: Float64Array): void;
  writeScaling(scaling: Float64Array): void;
  /** Forgets carries, returns and what the burn-in would see: as before the first episode. */
  reset(): void;
  dispose(): void;
}
