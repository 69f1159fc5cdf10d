// ppo_epoch_*: the learning half of an iteration of JaxDEM, minibatch by minibatch, with the segments that the reference drew.
import type { Device } from '../../lib/addon/load.js';
import { sizeOf } from '../../lib/tensor/shape.js';
import { valueAt } from '../../lib/training/schedule.js';
import { type Comparison, compare, comparePair, relativeError, same } from './compare.js';
import { EpochRun, type Inputs, type Snapshot } from './epoch-run.js';
import { type FileArray, floats, ints, numbers, type Pair } from './format.js';
import { mean, variance } from './moments.js';
import { createModel, isUnused, type ReferenceModel } from './reference-model.js';

export interface Hyperparameters {
  learning_rate: number;
  max_grad_norm: number;
  accumulate_n_gradients: number;
  anneal_learning_rate: boolean;
  ppo_clip_eps: number;
  ppo_value_coeff: number;
  ppo_entropy_coeff: number;
  advantage_gamma: number;
  advantage_lambda: number;
  advantage_rho_clip: number;
  advantage_c_clip: number;
  drip_decay: number;
  importance_sampling_alpha: number;
  importance_sampling_beta: number;
  anneal_importance_sampling_beta: boolean;
  num_envs: number;
  num_steps_epoch: number;
  num_minibatches: number;
  minibatch_size: number;
  num_epochs: number;
}

interface Minibatch {
  probability: Pair;
  indices: FileArray;
  importance_weight: Pair;
  normalized_advantage: Pair;
  metrics: Record<string, Pair>;
  grads: Record<string, Pair>;
  params_after: Record<string, Pair>;
}

export interface Golden extends ReferenceModel {
  optimizer: string;
  hyperparameters: Hyperparameters;
  params: Record<string, FileArray>;
  inputs: Inputs;
  out: {
    beta: number;
    dripped_reward: Pair;
    initial_returns: Pair;
    initial_advantage: Pair;
    minibatches: Minibatch[];
    final_value: Pair;
    final_ratio: Pair;
    final_returns: Pair;
    final_advantage: Pair;
    epoch_metrics: Record<string, Pair>;
  };
}

/** Rounding of one minibatch is the start of the next. */
const accepted = 1e-4;

export async function checkPpoEpoch(json: unknown, device: Device = 'cpu'): Promise<Comparison[]> {
  const golden = json as Golden;
  const { hyperparameters: h, inputs, out } = golden;
  const schedule = h.anneal_importance_sampling_beta
    ? { from: h.importance_sampling_beta, to: 1 }
    : h.importance_sampling_beta;
  const beta = valueAt('beta', schedule, inputs.epoch / h.num_epochs, (_, value) => value as number);
  const model = createModel(golden, device);
  const run = new EpochRun(golden, model, beta, device);
  const check = (name: string, actual: ArrayLike<number> | number, expected: Pair): Comparison =>
    comparePair(name, actual, expected, accepted);

  let before = await run.initial();
  const sizes = [h.num_steps_epoch, Math.floor(h.minibatch_size / h.num_steps_epoch), h.num_minibatches];
  const comparisons = [
    same('epoch/sizes', sizes, [run.steps, out.minibatches[0]?.indices.data.length, out.minibatches.length]),
    same('epoch/agents', Number.isInteger(run.segments / h.num_envs), true),
    {
      ...compare('epoch/beta', beta, out.beta, out.beta, 1e-12),
      referenceError: relativeError(Math.fround(beta), beta),
    },
    check('epoch/dripped_reward', before.reward, out.dripped_reward),
    check('epoch/initial_returns', before.returns, out.initial_returns),
    check('epoch/initial_advantage', before.advantage, out.initial_advantage),
  ];
  const all: Record<string, number>[] = [];
  for (const [k, expected] of out.minibatches.entries()) {
    const after = await run.minibatches(k + 1);
    const at = `minibatch ${k}`;
    const segments = ints(expected.indices);
    const metrics = metricsOf(golden, before, after, segments, k);
    all.push(metrics);
    comparisons.push(
      check(`${at}/probability`, after.probability, expected.probability),
      check(
        `${at}/importance_weight`,
        Float32Array.from(segments, (s) => after.weight[s] as number),
        expected.importance_weight,
      ),
      check(
        `${at}/normalized_advantage`,
        selected(after.corrected, segments, run.segments),
        expected.normalized_advantage,
      ),
      ...Object.keys(expected.metrics).map((name) =>
        check(`${at}/metrics ${name}`, known(metrics, name), expected.metrics[name] as Pair),
      ),
      ...Object.keys(expected.grads).map((name) =>
        check(
          `${at}/grads ${name}`,
          run.gradient(before, after, name, metrics.grad_norm as number) ?? unused(golden, name, 0),
          expected.grads[name] as Pair,
        ),
      ),
      ...Object.keys(expected.params_after).map((name) =>
        check(
          `${at}/params_after ${name}`,
          run.parameter(after, name) ?? unused(golden, name),
          expected.params_after[name] as Pair,
        ),
      ),
    );
    before = after;
  }
  comparisons.push(
    check('epoch/final_value', before.value, out.final_value),
    check('epoch/final_ratio', before.ratio, out.final_ratio),
    check('epoch/final_returns', before.returns, out.final_returns),
    check('epoch/final_advantage', before.advantage, out.final_advantage),
    ...Object.keys(out.epoch_metrics).map((name) =>
      check(`epoch/metrics ${name}`, mean(all.map((metrics) => known(metrics, name))), out.epoch_metrics[name] as Pair),
    ),
  );
  model.dispose();
  return comparisons;
}

/** What the update reports, and means of what it leaves in the columns. */
function metricsOf(
  { params }: Golden,
  before: Snapshot,
  after: Snapshot,
  segments: Int32Array,
  k: number,
): Record<string, number> {
  const of = (column: Float32Array): Float64Array => Float64Array.from(selected(column, segments, after.weight.length));
  const returns = of(before.returns);
  const errors = of(after.value).map((value, i) => (returns[i] as number) - value);
  // Means over all minibatches so far.
  const own = (name: keyof Snapshot['metrics']): number => (k + 1) * after.metrics[name] - k * before.metrics[name];
  return {
    loss: own('loss'),
    actor_loss: own('policyLoss'),
    value_loss: own('valueLoss'),
    entropy: own('entropy'),
    approx_KL: own('approxKl'),
    grad_norm: own('gradNorm'),
    explained_variance: 1 - variance(errors) / variance(returns),
    returns: mean(returns),
    score: mean(of(after.reward)),
    ratio: mean(of(after.ratio)),
    log_std: mean(before.logStd ?? numbers(params._log_std as FileArray)),
  };
}

function known(metrics: Record<string, number>, name: string): number {
  const value = metrics[name];
  if (value === undefined) throw new Error(`nothing computes ${name}`);
  return value;
}

function selected(column: Float32Array, segments: Int32Array, all: number): Float32Array {
  const steps = column.length / all;
  return Float32Array.from({ length: steps * segments.length }, (_, i) => {
    return column[Math.floor(i / segments.length) * all + (segments[i % segments.length] as number)] as number;
  });
}

/** Parameters of the reference that nothing reads stay as they are, with gradients of 0. */
function unused(golden: Golden, name: string, value?: number): Float32Array {
  if (!isUnused(name, golden)) throw new Error(`the model has no parameter ${name}`);
  const initial = golden.params[name] as FileArray;
  return value === undefined ? floats(initial) : new Float32Array(sizeOf(initial.shape)).fill(value);
}
