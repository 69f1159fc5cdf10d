// Environments with several agents, flattened: every agent is a row, and one policy serves all of them.
import { invalid, options, required, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Key } from '../random/key.js';
import { Box } from '../spaces/box.js';
import { Discrete } from '../spaces/discrete.js';
import { bringsMask, maskLayout, writeMask } from './action-mask.js';
import { type ActionCheck, actionCheck } from './check-action.js';
import { checkFlag, checkObservation, checkReward, checkTuple } from './check-result.js';
import { checkSpaces } from './check-spaces.js';
import type { ActionOf, EnvironmentActionSpace, Info, StepArrays, VectorEnvironment } from './environment.js';
import { Distinct, madeCount } from './made.js';
import { type VectorMemory, vectorLayout } from './vector-memory.js';

type ByAgent<T> = Readonly<Record<string, T>>;

/** Agents that act at the same time, in the shape of PettingZoo's parallel environments. All of them have the same spaces. */
export interface MultiAgentEnvironment<A extends EnvironmentActionSpace = EnvironmentActionSpace> {
  /** Names of all agents there ever are. */
  readonly agents: readonly string[];
  readonly observationSpace: Box;
  readonly actionSpace: A;
  reset(options?: { seed?: number }): [observations: ByAgent<ArrayLike<number>>, infos: ByAgent<Info>];
  step(
    actions: ByAgent<ActionOf<A>>,
  ): [
    observations: ByAgent<ArrayLike<number>>,
    rewards: ByAgent<number>,
    terminated: ByAgent<boolean>,
    truncated: ByAgent<boolean>,
    infos: ByAgent<Info>,
  ];
  close?(): void;
}

/** Which environments, and how many of them. */
export interface MultiAgentVectorEnvironmentOptions {
  /** Makes environment `index`, from 0. */
  make: (index: number) => MultiAgentEnvironment;
  /** Number of environments; rows are this times the number of agents. */
  count: number;
  /** Seeds of the episodes are drawn from it. Default seed 1. */
  key?: Key | number | bigint;
  /** For messages and files. Default: the name of the class of the first environment. */
  name?: string;
}

/**
 * Row e × agents + a is agent a of environment e. A policy has no rows that come and go, so an episode ends for all agents of an environment at once:
 * where some end before the others, the others are truncated there, and their last observations still count.
 */
export class MultiAgentVectorEnvironment implements VectorEnvironment {
  readonly name: string;
  readonly count: number;
  readonly agents: readonly string[];
  readonly observationSpace: Box;
  readonly actionSpace: EnvironmentActionSpace;
  readonly action: Float32Array | Int32Array;
  readonly #environments: readonly MultiAgentEnvironment[];
  readonly #memory: VectorMemory;
  readonly #keys: Key[];
  readonly #check: ActionCheck;
  #running = false;

  constructor(settings: MultiAgentVectorEnvironmentOptions) {
    options('MultiAgentVectorEnvironment', settings, ['make', 'count', 'key', 'name']);
    required('MultiAgentVectorEnvironment', 'make', settings?.make);
    const environments = madeCount(settings.count);
    if (typeof settings.make !== 'function') throw invalid('make', 'a function', settings.make);
    this.#environments = Array.from({ length: environments }, (_, index) => settings.make(index));
    const first = this.#environments[0] as MultiAgentEnvironment;
    const distinct = new Distinct();
    this.#environments.forEach((environment, index) => {
      checkSpaces(environment, first, index);
      distinct.check(environment, index);
      if (environment.agents?.length > 0 && String(environment.agents) === String(first.agents)) return;
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `agents of environment ${index}: expected names, the same as those of environment 0, got ${show(environment.agents)}`,
      );
    });
    this.agents = first.agents;
    this.name = settings.name ?? first.constructor.name;
    this.count = environments * this.agents.length;
    this.observationSpace = first.observationSpace;
    this.actionSpace = first.actionSpace;
    const { bytes, view } = vectorLayout(this.count, this.observationSpace, this.actionSpace);
    this.#memory = view(new ArrayBuffer(bytes));
    this.action = this.#memory.action;
    this.#keys = Key.from(settings.key ?? 1).split(environments);
    this.#check = actionCheck(this.name, this.actionSpace, this.count);
  }

  get actionMask(): Uint8Array | null {
    return this.#memory.masked.includes(1) ? this.#memory.actionMask : null;
  }

  observe(): Float32Array {
    return this.#running ? this.#memory.observation : this.reset();
  }

  reset(): Float32Array {
    for (const index of this.#environments.keys()) this.#startEpisode(index);
    this.#running = true;
    return this.#memory.observation;
  }

  step(action: Float32Array | Int32Array): StepArrays {
    this.observe();
    this.#check(action);
    if (action !== this.action) this.action.set(action);
    for (const index of this.#environments.keys()) this.#stepEnvironment(index);
    return this.#memory;
  }

  dispose(): void {
    for (const environment of this.#environments) environment.close?.();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #stepEnvironment(index: number): void {
    const { agents } = this;
    const { reward, terminated, truncated, finalObservation } = this.#memory;
    const firstRow = index * agents.length;
    const actions = Object.fromEntries(agents.map((agent, a) => [agent, this.#actionOf(firstRow + a)]));
    const result = (this.#environments[index] as MultiAgentEnvironment).step(actions as never);
    const parts = '[observations, rewards, terminated, truncated, infos]';
    checkTuple(result, 4, parts, (row) => `step of environment ${row} (${this.name})`, index);
    const ends = agents.some((agent) => result[2][agent] || result[3][agent]);
    agents.forEach((agent, a) => {
      const row = firstRow + a;
      const origin = () => `step of environment ${index} (${this.name}), agent ${agent}`;
      this.#store(ends ? finalObservation : this.#memory.observation, row, result[0][agent], origin);
      checkReward(result[1][agent], origin, row);
      checkFlag('terminated', result[2][agent], origin, row);
      checkFlag('truncated', result[3][agent], origin, row);
      reward[row] = result[1][agent] as number;
      terminated[row] = result[2][agent] ? 1 : 0;
      truncated[row] = ends && !result[2][agent] ? 1 : Number(result[3][agent]);
      if (!ends) this.#takeMask(row, result[4]?.[agent], origin);
    });
    if (ends) this.#startEpisode(index);
  }

  #startEpisode(index: number): void {
    const key = this.#keys[index] as Key;
    this.#keys[index] = key.next();
    const result = (this.#environments[index] as MultiAgentEnvironment).reset({ seed: key.word() });
    checkTuple(result, 1, '[observations, infos]', (row) => `reset of environment ${row} (${this.name})`, index);
    this.agents.forEach((agent, a) => {
      const row = index * this.agents.length + a;
      const origin = () => `reset of environment ${index} (${this.name}), agent ${agent}`;
      this.#store(this.#memory.observation, row, result[0][agent], origin);
      this.#takeMask(row, result[1]?.[agent], origin);
    });
  }

  #store(target: Float32Array, row: number, observation: unknown, origin: () => string): void {
    const { size } = this.observationSpace;
    checkObservation(observation, size, origin, row);
    target.set(observation as ArrayLike<number>, row * size);
  }

  /** An agent without a mask in this step may do anything. */
  #takeMask(row: number, info: Info | undefined, origin: () => string): void {
    const layout = maskLayout(this.actionSpace);
    const { actionMask, masked } = this.#memory;
    if (info !== undefined && bringsMask(info)) {
      masked[row] = 1;
      writeMask(origin, row, layout, info, actionMask);
    } else if (layout !== null) actionMask.fill(1, row * layout.width, (row + 1) * layout.width);
  }

  #actionOf(row: number): unknown {
    const { size } = this.actionSpace;
    if (this.actionSpace instanceof Discrete) return this.action[row];
    const own = this.action.slice(row * size, (row + 1) * size);
    if (this.actionSpace instanceof Box) return this.actionSpace.clip(own as Float32Array);
    return own;
  }
}
