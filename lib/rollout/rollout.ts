// Rollout: what a policy saw, did and got in `horizon` steps of every environment, kept on the device for an update.

import { Held } from '../addon/held.js';
import { addon, call } from '../addon/load.js';
import type { NativeEpisodes, NativeRollout } from '../addon/native-rollout.js';
import { oneOf, options, positiveInteger } from '../core/check.js';
import type { VectorEnvironment } from '../envs/environment.js';
import { NativeVectorEnvironment } from '../envs/native-vector-environment.js';
import { asSameStep } from '../envs/same-step.js';
import { type Carry, carryTensors } from '../models/carry.js';
import type { Model } from '../models/model.js';
import type { Key } from '../random/key.js';
import { type AdvantageOptions, resolveAdvantage } from './advantage-options.js';
import { Collector } from './collector.js';
import { allocateActions, checkDevice, checkFits, checkParts } from './fits.js';
import { allocateMemory, type RolloutMemory, readMemory, segments, writeMemory } from './segments.js';

/** What a rollout is collected from, and how long it is. */
export interface RolloutOptions {
  model: Model<object>;
  environment: VectorEnvironment;
  /** Steps of every environment in one rollout. */
  horizon: number;
  /** Recurrent models: steps that training goes back through time, a divisor of the horizon. Default: the horizon, or 1 where nothing learned is carried. */
  segmentLength?: number;
  /** Recurrent models: steps before every segment that warm its carry up, without a loss; at most the horizon. Default 0. */
  burnIn?: number;
}

/** Columns of a rollout and their shapes: [horizon][environments], times the size of an observation or action. */
export const columns = [
  'observation',
  'latent',
  'log_prob',
  'value',
  'reward',
  'terminated',
  'truncated',
  'advantage',
  'return',
] as const;

/** Name of a column of a rollout. */
export type Column = (typeof columns)[number];

/**
 * Collects with native environments off the JavaScript thread, and with others step by step, giving way to the event loop. The groups of a
 * `WorkerVectorEnvironment` are served as they are ready, `batchSize` environments at least at once. A step leaves nothing on the JavaScript heap but
 * the promises that are waited for, and what environments leave.
 * Actions are sampled with f(key, step, row): neither threads nor the number of environments in a call change them.
 */
export class Rollout {
  readonly model: Model<object>;
  readonly environment: VectorEnvironment;
  readonly horizon: number;
  /** 1 for models without a memory, whose steps need no order. */
  readonly segmentLength: number;
  readonly burnIn: number;
  readonly #collector: Collector;
  readonly #held: Held<NativeRollout>;

  constructor(settings: RolloutOptions) {
    options('Rollout', settings, ['model', 'environment', 'horizon', 'segmentLength', 'burnIn']);
    const { model, environment } = settings ?? {};
    checkParts('Rollout', model, environment);
    this.model = model;
    this.environment = environment;
    this.horizon = positiveInteger('horizon', settings.horizon);
    checkFits(model, environment);
    checkDevice(model, environment);
    const action = environment.action ?? allocateActions(model, environment.count);
    const maskLayout = model.network.actions.mask;
    this.#collector = new Collector({
      environment: asSameStep(environment),
      action,
      maskLayout,
      horizon: this.horizon,
    });
    const { Rollout: NativeClass } = addon(model.device);
    const { segmentLength, burnIn } = segments(model, this.horizon, settings);
    this.segmentLength = segmentLength;
    this.burnIn = burnIn;
    const { count } = environment;
    const native = call(() => new NativeClass(model.native, this.horizon, count, segmentLength, burnIn));
    this.#held = new Held('rollout', native);
  }

  /** Steps in one rollout. */
  get size(): number {
    return this.horizon * this.environment.count;
  }

  /** The native object. @internal */
  get native(): NativeRollout {
    return this.#held.native;
  }

  /** Runs a native call that reads the rollout off the JavaScript thread. For trainers. @internal */
  during<T>(run: (native: NativeRollout) => Promise<T>): Promise<T> {
    return this.#held.during(run);
  }

  /** Fills the rollout, going on from where the environments are; step t draws its noise from `key.at(key.counter + t)`. */
  async collect(key: Key): Promise<NativeEpisodes> {
    const { native, environment } = this;
    if (!(environment instanceof NativeVectorEnvironment)) return this.#collector.collect(native, key);
    return this.during(() => native.collect(environment.native, key.native));
  }

  /**
   * Advantages and returns by GAE or V-trace; the update of a trainer does it itself.
   *
   * @throws TorsorError INVALID_ARGUMENT for a number outside of its range.
   */
  advantage(given: AdvantageOptions = {}): void {
    const { gamma, lambda, rhoClip, cClip } = resolveAdvantage(given);
    call(() => this.native.advantage(gamma, lambda, rhoClip, cClip));
  }

  /** Recurrent models: what the policy remembers in every environment now, as `model.carry`; null without a memory. */
  get carry(): Carry | null {
    const { network } = this.model;
    if (network.carryWidth === 0) return null;
    const rows = new Float32Array(this.environment.count * network.carryWidth);
    call(() => this.native.readCarry(rows));
    return carryTensors(network, rows, [this.environment.count]);
  }

  /**
   * Call it when the environments were reset between rollouts: returns of episodes broken off are not to be counted on, and what the policy
   * remembers of them is forgotten.
   */
  forgetEpisodes(): void {
    call(() => this.native.reset());
    this.#collector.forgetEpisodes();
  }

  /** What goes on from one rollout to the next, for checkpoints; null without a memory. @internal */
  readMemory(): RolloutMemory | null {
    const memory = allocateMemory(this.model, this.environment.count, this.burnIn);
    if (memory !== null) readMemory(this.native, memory);
    return memory;
  }

  /** @internal */
  writeMemory(memory: RolloutMemory): void {
    writeMemory(this.native, memory);
  }

  /** Running statistics of rewards, for checkpoints: [count, mean, variance, return of every environment]. @internal */
  readScaling(): Float64Array {
    const scaling = new Float64Array(3 + this.environment.count);
    call(() => this.native.readScaling(scaling));
    return scaling;
  }

  /** @internal */
  writeScaling(scaling: Float64Array): void {
    call(() => this.native.writeScaling(scaling));
  }

  /** A copy of one column, row-major. */
  read(column: Column): Float32Array {
    oneOf('column', column, columns);
    const { observationSize, latentWidth } = this.model.network;
    const width = column === 'observation' ? observationSize : column === 'latent' ? latentWidth : 1;
    const target = new Float32Array(this.size * width);
    call(() => this.native.read(column, target));
    return target;
  }

  /** Frees the memory, once a call that works in it off the JavaScript thread has ended; its promise is then rejected with DISPOSED. */
  dispose(): void {
    this.#held.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
