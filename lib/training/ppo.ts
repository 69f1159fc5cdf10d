// PPO: collect a rollout, update the model on it, report, again.

import { Held } from '../addon/held.js';
import { addon, call } from '../addon/load.js';
import type { NativeStoppedMinibatch, NativeTrainer } from '../addon/native-training.js';
import { abortSignal, options as checkOptions, positiveInteger } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { VectorEnvironment } from '../envs/environment.js';
import { type Checkpoint, readCheckpoint, writeCheckpoint } from '../io/checkpoint.js';
import type { Model } from '../models/model.js';
import type { Key } from '../random/key.js';
import { Rollout } from '../rollout/rollout.js';
import { matricesOf } from './matrices.js';
import { EpisodeWindow, type TrainingMetrics } from './metrics.js';
import { NonFiniteError } from './non-finite.js';
import { type PPOOptions, type ResolvedPPO, resolvePPO, scheduledAt } from './ppo-options.js';
import type { PPOSettings } from './ppo-settings.js';
import { learningRates } from './schedule.js';
import { stoppedMinibatch } from './stopped-minibatch.js';
import { restoreTrainer, type TrainerState, trainerCheckpoint } from './trainer-checkpoint.js';

/** How far `run` goes. */
export interface RunOptions {
  /** Steps of all environments to reach, counted since the trainer was made: a second run goes on where the first ended. */
  steps: number;
  /** Ends the run after the iteration under way; nothing is thrown, and the trainer can be saved or run again. */
  signal?: AbortSignal;
}

/**
 * Proximal policy optimisation (Schulman et al. 2017) with clipped losses, on rollouts of a vector of environments. Collecting from native
 * environments and updating happen off the JavaScript thread. The same seeds give the same bits, whatever the number of threads.
 *
 *     const trainer = new PPO({ model, environment, key: 1, horizon: 64, learningRate: 1e-3 });
 *     for await (const metrics of trainer.run({ steps: 1_000_000 })) console.log(metrics.meanReturn);
 */
export class PPO {
  readonly model: Model<object>;
  readonly environment: VectorEnvironment;
  /** Every setting, defaults filled in. */
  readonly settings: Readonly<PPOSettings>;
  readonly rollout: Rollout;
  readonly #resolved: ResolvedPPO;
  readonly #window = new EpisodeWindow();
  readonly #held: Held<NativeTrainer>;
  #keys: { actions: Key; minibatches: Key };
  #iteration = 0;
  /** Steps of the optimiser. */
  #updates = 0;
  /** The learning rate that follows the KL divergence; undefined unless `anneal` is adaptive. */
  #adaptedRate: number | undefined;
  /** Steps the last run was to reach. */
  #total: number | undefined;
  #running = false;
  #iterating = false;

  constructor(options: PPOOptions) {
    this.#resolved = resolvePPO(options);
    const { model, environment, key, settings, optimizer } = this.#resolved;
    this.model = model;
    this.environment = environment;
    this.settings = settings;
    const { horizon, segmentLength, burnIn } = settings;
    this.rollout = new Rollout({ model, environment, horizon, segmentLength, burnIn });
    if (settings.anneal === 'adaptive') this.#adaptedRate = settings.learningRate as number;
    const [actions, minibatches] = key.split(2) as [Key, Key];
    this.#keys = { actions, minibatches };
    const { Trainer } = addon(model.device);
    const native = call(() => new Trainer(model.native, optimizer, matricesOf(model)));
    this.#held = new Held('trainer', native);
  }

  /** Rollouts collected and updates made so far. */
  get iteration(): number {
    return this.#iteration;
  }

  /** Steps of all environments so far. */
  get steps(): number {
    return this.#iteration * this.rollout.size;
  }

  /**
   * Trains until `steps` is reached, one iteration per turn of the loop; leaving the loop ends the run.
   *
   * @throws NonFiniteError, a TorsorError NON_FINITE, when a loss, a gradient or a step of the optimiser is not finite; the update stops, all
   * parameters are finite, and the error has the minibatch.
   */
  async *run(options: RunOptions): AsyncGenerator<TrainingMetrics, void, undefined> {
    checkOptions('run', options, ['steps', 'signal']);
    const total = positiveInteger('steps', options?.steps);
    const signal = options.signal === undefined ? undefined : abortSignal('signal', options.signal);
    if (this.#running) throw new TorsorError('INVALID_ARGUMENT', 'this trainer is running already');
    this.#running = true;
    this.#total = total;
    try {
      const start = performance.now();
      while (this.steps < total && !signal?.aborted) {
        this.#iterating = true;
        yield await this.#iterate(total, start).finally(() => {
          this.#iterating = false;
        });
      }
    } finally {
      this.#running = false;
    }
  }

  /** Writes model and training state to one file, from which `load` goes on bit for bit; `Model.load` reads it too. */
  async save(path: string): Promise<void> {
    await writeCheckpoint(path, this.checkpoint());
  }

  /** What `save` writes, a copy: later iterations do not change it. @throws TorsorError INVALID_ARGUMENT while one is under way. */
  checkpoint(): Checkpoint {
    if (this.#iterating)
      throw new TorsorError('INVALID_ARGUMENT', 'checkpoint: an iteration of this trainer is under way');
    return trainerCheckpoint(this.#state());
  }

  /**
   * Goes on from a file that `save` wrote. Model, environments, optimiser, `horizon`, `burnIn` and whether `rewardScale` is `running` have to be as they were,
   * or what is in the file would mean something else. Other settings may change on purpose, as a learning rate or `epochs`; schedules go over the steps of
   * the next `run`. The file tells the settings it was made with as JSON, `settings` in its metadata. Environments that cannot restore their state start new
   * episodes. Nothing changes when the file does not fit.
   *
   * @throws TorsorError INVALID_ARGUMENT for a file of another trainer, CORRUPT_FILE for a damaged one.
   */
  async load(path: string): Promise<void> {
    if (this.#running) throw new TorsorError('INVALID_ARGUMENT', 'load: this trainer is running');
    const saved = await restoreTrainer(await readCheckpoint(path), path, this.#state());
    const { actions, minibatches } = saved;
    this.#iteration = saved.iteration;
    this.#updates = saved.updates;
    this.#total = saved.total;
    this.#keys = { actions, minibatches };
    this.#window.batches = saved.episodes;
    if (this.#adaptedRate !== undefined) this.#adaptedRate = saved.learningRate ?? this.#adaptedRate;
  }

  /** Frees the rollout and the optimiser, after the native call under way; model and environment stay. A run then ends with DISPOSED. */
  dispose(): void {
    this.rollout.dispose();
    this.#held.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #state(): TrainerState {
    const { model, environment, rollout } = this;
    const { optimizer } = this.#held.native;
    return {
      model,
      environment,
      rollout,
      optimizer,
      iteration: this.#iteration,
      ...this.#keys,
      episodes: this.#window.batches,
      learningRate: this.#adaptedRate,
      total: this.#total,
      settings: this.settings,
    };
  }

  async #iterate(total: number, start: number): Promise<TrainingMetrics> {
    const { settings, rollout } = this;
    this.#held.native; // before anything is collected for a trainer that was disposed
    const began = performance.now();
    const progress = this.steps / total;
    const scheduled = scheduledAt(settings, progress);
    const { clipRatio, entropyCoefficient, priorityBeta } = scheduled;
    const rates = this.#adaptedRate ?? learningRates(settings, scheduled.learningRate, progress, this.#updates);
    const { actions, minibatches } = this.#keys;
    const episodes = await rollout.collect(actions.at(this.#iteration * settings.horizon));
    const shuffle = minibatches.at(this.#iteration * settings.epochs).native;
    const { native } = this.#resolved;
    const draw = native.draw && { draw: { ...native.draw, beta: priorityBeta } };
    const config = { ...native, clipRatio, entropyCoefficient, ...draw };
    const {
      nonFinite,
      learningRate,
      minibatches: made,
      optimizerSteps,
      ...measured
    } = await this.#held.during((trainer) =>
      rollout.during((collected) => trainer.update(collected, config, rates, shuffle)),
    );
    this.#window.add(episodes);
    const { meanReturn, meanLength, count: windowEpisodes } = this.#window;
    const metrics = {
      iteration: this.#iteration + 1,
      steps: this.steps + rollout.size,
      episodes: episodes.count,
      meanReturn,
      meanLength,
      windowEpisodes,
      learningRate: typeof rates === 'number' && this.#adaptedRate === undefined ? rates : learningRate,
      clipRatio,
      entropyCoefficient,
      ...measured,
      updates: this.#updates + optimizerSteps,
    };
    if (nonFinite !== null) {
      const place = { epoch: measured.epochs, minibatch: ((made - 1) % settings.minibatches) + 1 };
      const native = call(() => this.#held.native.stoppedMinibatch()) as NativeStoppedMinibatch;
      throw new NonFiniteError(metrics, nonFinite, stoppedMinibatch(native, place, this.model));
    }
    this.#iteration = metrics.iteration;
    this.#updates = metrics.updates;
    if (this.#adaptedRate !== undefined) this.#adaptedRate = metrics.learningRate;
    const now = performance.now();
    return { ...metrics, seconds: (now - start) / 1000, stepsPerSecond: rollout.size / ((now - began) / 1000) };
  }
}
