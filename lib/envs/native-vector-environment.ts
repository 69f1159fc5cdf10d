// The environments of the native core, by name.

import { addon, call, type Device, type DeviceChoice, resolveDevice } from '../addon/load.js';
import type { NativeEnvironment, NativeEnvironmentInfo } from '../addon/native-rollout.js';
import { atMost, float32, int32, options, positiveInteger, string, unknown } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Key } from '../random/key.js';
import { Box } from '../spaces/box.js';
import { Discrete } from '../spaces/discrete.js';
import { type ActionCheck, actionCheck } from './check-action.js';
import { allocateStep, type EnvironmentState, type StepArrays, type VectorEnvironment } from './environment.js';
import { rendererOf } from './renderers.js';

/** The limit of the native core; the arrays of so many are gigabytes. */
const mostEnvironments = 2 ** 24;

/** Which environment of the native core, and how many of it. */
export interface NativeVectorEnvironmentOptions {
  /** As in Gymnasium, for example `Pendulum-v1`; `NativeVectorEnvironment.names` lists what there is. */
  name: string;
  /** How many run side by side. Default 1. */
  count?: number;
  /** Where initial states come from. Default seed 1. */
  key?: Key | number | bigint;
  /** That of the model which acts in it. Default: `cpu`. */
  device?: DeviceChoice;
}

/**
 * Environments stepped by the native core, with the dynamics, rewards, limits and initial states of Gymnasium's of the same name.
 *
 * @throws TorsorError UNKNOWN_NAME for a name that is not in `names`.
 */
export class NativeVectorEnvironment implements VectorEnvironment {
  readonly name: string;
  readonly count: number;
  /** Models that it is to be rolled out with are on this device. */
  readonly device: Device;
  readonly observationSpace: Box;
  readonly actionSpace: Box | Discrete;
  readonly maxEpisodeSteps: number;
  /** Absent where nobody knows how it looks. */
  readonly render?: (row: number) => string;
  readonly #arrays: StepArrays;
  readonly #stateSize: number;
  readonly #check: ActionCheck;
  #native: NativeEnvironment | undefined;

  constructor(settings: NativeVectorEnvironmentOptions) {
    options('NativeVectorEnvironment', settings, ['name', 'count', 'key', 'device']);
    this.device = resolveDevice(settings?.device);
    const info = environmentInfo(settings?.name, this.device);
    this.name = info.name;
    this.count = atMost('count', mostEnvironments, positiveInteger('count', settings.count ?? 1));
    this.observationSpace = new Box(info.observationLow, info.observationHigh);
    this.actionSpace = info.discrete ? new Discrete(info.actionSize) : new Box(info.actionLow, info.actionHigh);
    this.maxEpisodeSteps = info.maxEpisodeSteps;
    this.#stateSize = info.stateSize;
    this.#arrays = allocateStep(this.count, info.observationSize);
    this.#check = actionCheck(this.name, this.actionSpace, this.count);
    const size = info.observationSize;
    const draw = rendererOf(info.name);
    if (draw) this.render = (row) => draw(this.observe().subarray(row * size, (row + 1) * size));
    const key = Key.from(settings.key ?? 1);
    const { Environment } = addon(this.device);
    this.#native = call(() => new Environment(this.name, this.count, key.native));
  }

  /** Names of all native environments. */
  static get names(): string[] {
    return addon().vocabulary.environments.map((info) => info.name);
  }

  /** The native object. What a native rollout steps. @internal */
  get native(): NativeEnvironment {
    if (this.#native === undefined) throw new TorsorError('DISPOSED', `this ${this.name} was disposed`);
    return this.#native;
  }

  observe(): Float32Array {
    call(() => this.native.observe(this.#arrays.observation));
    return this.#arrays.observation;
  }

  reset(): Float32Array {
    call(() => this.native.reset(this.#arrays.observation));
    return this.#arrays.observation;
  }

  step(action: Float32Array | Int32Array): StepArrays {
    const { native } = this;
    this.#check(action);
    const { observation, reward, terminated, truncated, finalObservation } = this.#arrays;
    try {
      native.step(action, observation, reward, terminated, truncated, finalObservation);
    } catch (error) {
      throw TorsorError.from(error);
    }
    return this.#arrays;
  }

  /** Physical states as in the native header, each followed by the return of its running episode. */
  save(): EnvironmentState {
    const state = new Float32Array(this.count * this.#stateSize);
    const [steps, episodes] = [new Int32Array(this.count), new Int32Array(this.count)];
    call(() => this.native.readState(state, steps, episodes));
    return { state, steps, episodes };
  }

  restore({ state, steps, episodes }: EnvironmentState): void {
    float32('state', state, this.count * this.#stateSize);
    int32('steps', steps, this.count);
    int32('episodes', episodes, this.count);
    const bad = state.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0)
      throw new TorsorError('NON_FINITE', `state: element ${bad} is ${state[bad]}; expected finite numbers`);
    call(() => this.native.writeState(state, steps, episodes));
  }

  dispose(): void {
    this.#native?.dispose();
    this.#native = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Sizes and limits of a native environment. */
export function environmentInfo(name: string, device?: DeviceChoice): NativeEnvironmentInfo {
  if (name === undefined) throw new TorsorError('MISSING_OPTION', 'NativeVectorEnvironment needs the option name');
  const { environments } = addon(device).vocabulary;
  const info = environments.find((candidate) => candidate.name === string('name', name));
  if (info) return info;
  throw new TorsorError(
    'UNKNOWN_NAME',
    `no native environment is named ${unknown(
      name,
      environments.map((e) => e.name),
    )}`,
  );
}
