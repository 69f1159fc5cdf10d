// One iteration's learning by the native trainer, stopped after any number of its minibatches.
import { addon, type Device } from '../../lib/addon/load.js';
import type { NativeRollout } from '../../lib/addon/native-rollout.js';
import type {
  DrawColumn,
  NativeMetrics,
  NativeOptimizerConfig,
  NativePpoConfig,
} from '../../lib/addon/native-training.js';
import { readCarry } from '../../lib/models/carry.js';
import type { Model } from '../../lib/models/model.js';
import { sizeOf } from '../../lib/tensor/shape.js';
import { matricesOf } from '../../lib/training/matrices.js';
import { learningRates } from '../../lib/training/schedule.js';
import { type FileArray, floats, ints, numbers } from './format.js';
import type { Golden } from './ppo-epoch.js';
import { latentsOf, setParameters } from './reference-model.js';

export interface Inputs {
  obs: FileArray;
  action: FileArray;
  value: FileArray;
  log_prob: FileArray;
  reward: FileArray;
  done: FileArray;
  last_value: FileArray;
  epoch: number;
  c0?: FileArray;
  h0?: FileArray;
}

/** Columns [steps][segments], what the last draw left of every segment, means over the minibatches so far, and the state of the optimiser. */
export interface Snapshot {
  reward: Float32Array;
  value: Float32Array;
  returns: Float32Array;
  advantage: Float32Array;
  ratio: Float32Array;
  corrected: Float32Array;
  probability: Float32Array;
  weight: Float32Array;
  metrics: Pick<NativeMetrics, 'loss' | 'policyLoss' | 'valueLoss' | 'entropy' | 'approxKl' | 'gradNorm'>;
  parameters: Float32Array;
  momentum: Float32Array;
  /** Null where the policy has no such parameter. */
  logStd: Float32Array | null;
}

/** JaxDEM calls optimizers with a schedule and this epsilon, and optax's defaults. */
const optimizers: Record<string, NativeOptimizerConfig> = {
  adam: { name: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-12, nesterov: false, weightDecay: 0 },
  muon: { name: 'muon', beta1: 0.9, beta2: 0.999, epsilon: 1e-12, nesterov: true, weightDecay: 0 },
};
const muonBeta = 0.95;

export class EpochRun {
  readonly segments: number;
  readonly steps: number;
  readonly #golden: Golden;
  readonly #model: Model;
  readonly #beta: number;
  readonly #device: Device;

  constructor(golden: Golden, model: Model, beta: number, device: Device) {
    [this.steps, this.segments] = golden.inputs.value.shape as [number, number];
    this.#golden = golden;
    this.#model = model;
    this.#beta = beta;
    this.#device = device;
  }

  /** Before the first minibatch. Only an update makes DRIP rewards. */
  async initial(): Promise<Snapshot> {
    const first = await this.minibatches(1);
    const { advantage_gamma, advantage_lambda, advantage_rho_clip, advantage_c_clip } = this.#golden.hyperparameters;
    const rollout = this.#rollout();
    rollout.write('reward', first.reward);
    rollout.advantage(advantage_gamma, advantage_lambda, advantage_rho_clip, advantage_c_clip);
    const count = this.#model.native.parameterCount;
    const columns = this.#columns(rollout);
    rollout.dispose();
    return {
      ...first,
      ...columns,
      metrics: { loss: 0, policyLoss: 0, valueLoss: 0, entropy: 0, approxKl: 0, gradNorm: 0 },
      ...this.#parameters(),
      momentum: new Float32Array(count),
    };
  }

  /** After the first `count` minibatches. */
  async minibatches(count: number): Promise<Snapshot> {
    const { hyperparameters: h, out, optimizer } = this.#golden;
    const model = this.#model;
    const rollout = this.#rollout();
    const config = optimizers[optimizer];
    if (config === undefined) throw new Error(`optimizer '${optimizer}'`);
    const trainer = new (addon(this.#device).Trainer)(model.native, config, matricesOf(model));
    const anneal = h.anneal_learning_rate ? 'cosine' : 'constant';
    const rates = learningRates(
      { anneal, annealUpdates: h.num_epochs, epochs: 1, minibatches: count },
      h.learning_rate,
      0,
      0,
    );
    const order = out.minibatches.slice(0, count).flatMap(({ indices }) => [...ints(indices)]);
    const metrics = await trainer.update(rollout, this.#config(count, order), rates, {
      ...{ seedLow: 0, seedHigh: 0, stream: 0, counter: 0 },
    });
    const draw = (column: DrawColumn, size: number): Float32Array => {
      const target = new Float32Array(size);
      trainer.readDraw(column, target);
      return target;
    };
    const size = this.steps * this.segments;
    const momentum = new Float32Array(model.native.parameterCount);
    trainer.optimizer.readState(momentum, new Float32Array(momentum.length));
    const snapshot = {
      ...this.#columns(rollout),
      ratio: draw('ratio', size),
      corrected: draw('advantage', size),
      probability: draw('probability', this.segments),
      weight: draw('weight', this.segments),
      metrics,
      ...this.#parameters(),
      momentum,
    };
    trainer.dispose();
    rollout.dispose();
    return snapshot;
  }

  /** Undefined for a parameter that only the reference has. */
  parameter({ parameters }: Snapshot, name: string): Float32Array | undefined {
    const placed = this.#placed(name);
    return placed && parameters.subarray(placed.offset, placed.offset + placed.size);
  }

  /** Of the minibatch between two snapshots, from what it added to the momentum; `norm` is its length before it was clipped. */
  gradient(before: Snapshot, after: Snapshot, name: string, norm: number): Float64Array | undefined {
    const placed = this.#placed(name);
    if (placed === undefined) return undefined;
    const { hyperparameters: h, optimizer } = this.#golden;
    const beta = optimizer === 'muon' && placed.matrix ? muonBeta : 0.9;
    const clip = Math.min(1, h.max_grad_norm / norm);
    return Float64Array.from({ length: placed.size }, (_, i) => {
      const at = placed.offset + i;
      return ((after.momentum[at] as number) - beta * (before.momentum[at] as number)) / ((1 - beta) * clip);
    });
  }

  #placed(name: string): { offset: number; size: number; matrix: boolean } | undefined {
    const found = this.#model.program.parameters.find((parameter) => parameter.name === name);
    return found && { offset: found.offset, size: sizeOf(found.shape), matrix: found.shape.length === 2 };
  }

  /** With everything as it was when the iteration began to learn. */
  #rollout(): NativeRollout {
    const { inputs, params } = this.#golden;
    const model = this.#model;
    setParameters(model, this.#golden, Object.keys(params), (name) => floats(params[name] as FileArray));
    const recurrent = model.carry !== null;
    const rollout = new (addon(this.#device).Rollout)(
      ...([model.native, this.steps, this.segments, recurrent ? this.steps : 1] as const),
    );
    rollout.write('observation', floats(inputs.obs));
    rollout.write('latent', latentsOf(model, numbers(inputs.action)));
    rollout.write('log_prob', floats(inputs.log_prob));
    rollout.write('value', floats(inputs.value));
    rollout.write('reward', floats(inputs.reward));
    rollout.write('terminated', floats(inputs.done));
    rollout.write('last_value', floats(inputs.last_value));
    const { h0, c0 } = inputs;
    if (recurrent && h0) {
      const part = (array: FileArray) => ({ data: floats(array), shape: array.shape });
      const carry = { h: part(h0), ...(c0 && { c: part(c0) }) };
      rollout.write('carries', readCarry('carry', model.network, carry, [this.segments]).rows);
    }
    return rollout;
  }

  #config(minibatches: number, order: number[]): NativePpoConfig {
    const h = this.#golden.hyperparameters;
    return {
      epochs: 1,
      minibatches,
      gamma: h.advantage_gamma,
      lambda: h.advantage_lambda,
      rhoClip: h.advantage_rho_clip,
      cClip: h.advantage_c_clip,
      clipRatio: h.ppo_clip_eps,
      clipValue: h.ppo_clip_eps, // one limit for both in the reference
      valueCoefficient: h.ppo_value_coeff,
      entropyCoefficient: h.ppo_entropy_coeff,
      maxGradNorm: h.max_grad_norm,
      normalizeAdvantage: 'minibatch',
      targetKl: 0,
      dripDecay: h.drip_decay,
      updateAccumulation: h.accumulate_n_gradients,
      draw: {
        count: Math.floor(h.minibatch_size / h.num_steps_epoch),
        segment: this.steps,
        alpha: h.importance_sampling_alpha,
        beta: this.#beta,
        order: Int32Array.from(order),
      },
    };
  }

  #columns(rollout: NativeRollout): Pick<Snapshot, 'reward' | 'value' | 'returns' | 'advantage'> {
    const read = (column: string): Float32Array => {
      const target = new Float32Array(this.steps * this.segments);
      rollout.read(column, target);
      return target;
    };
    return { reward: read('reward'), value: read('value'), returns: read('return'), advantage: read('advantage') };
  }

  #parameters(): Pick<Snapshot, 'parameters' | 'logStd'> {
    const model = this.#model;
    const parameters = new Float32Array(model.native.parameterCount);
    model.native.readParameters(parameters, 0);
    const logStd = model.parameters.names.includes('_log_std') ? model.parameters.get('_log_std').slice() : null;
    return { parameters, logStd };
  }
}
