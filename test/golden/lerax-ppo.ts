// PPO of lerax on one minibatch: statistics, gradients, and the parameters after updates.

import { addon } from '../../lib/addon/load.js';
import type { NativePpoConfig } from '../../lib/addon/native-training.js';
import type { SpacePolicy } from '../../lib/index.js';
import { sizeOf } from '../../lib/tensor/shape.js';
import { type Comparison, same } from './compare.js';
import { type Accepted, against } from './lerax-accepted.js';
import { type Batch, callOptions, nativeOptions } from './lerax-batch.js';
import { list, type PpoSection, type PpoVariant } from './lerax-file.js';
import { compareArrays, compareGradients, entropies } from './lerax-gradients.js';

/** What the reference adds to the standard deviation of advantages, that of the precision it runs in; ours adds 1e-8. */
const epsilon = 2 ** -23;

export function checkPpo(policy: SpacePolicy, ppo: PpoSection, batch: Batch, accepted: Accepted): Comparison[] {
  const variants = ppo.variants.flatMap((variant, i) =>
    checkVariant(policy, ppo, variant, batch, accepted, `ppo ${i}`),
  );
  return [...variants, ...checkUpdates(policy, ppo, batch, accepted)];
}

function checkVariant(
  policy: SpacePolicy,
  ppo: PpoSection,
  variant: PpoVariant,
  batch: Batch,
  accepted: Accepted,
  name: string,
): Comparison[] {
  const { stats, gradients } = lossOf(policy, ppo, variant, batch);
  return [
    ...Object.keys(variant.stats).map((key) => {
      const expected = variant.stats[key as keyof Stats];
      return against(`${name}/${key}`, stats[key as keyof Stats], expected, accepted);
    }),
    against(`${name}/grad_global_norm`, norm(gradients), variant.grad_global_norm, accepted, 'gradient'),
    ...compareGradients(name, byName(policy, gradients), variant.grads, accepted),
  ];
}

type Stats = PpoVariant['stats'];

/** Loss and gradients by the native loss, except for a clipped value loss: the reference takes the smaller error there, ours the larger. */
function lossOf(policy: SpacePolicy, ppo: PpoSection, variant: PpoVariant, batch: Batch) {
  const column = (name: keyof PpoSection['batch']): Float32Array => Float32Array.from(list(ppo.batch[name]));
  const { value_loss_coefficient, entropy_loss_coefficient, clip_value_loss } = variant;
  const gradients = new Float32Array(policy.native.parameterCount);
  const { mask, sequence } = nativeOptions(policy, batch);
  const minibatch = {
    ...{ rows: batch.rows, observation: batch.observation.data, latent: Float32Array.from(batch.action) },
    ...{ logProb: column('old_log_probs'), value: column('old_values'), target: column('returns') },
    ...{ advantage: advantagesOf(list(ppo.batch.advantages), variant.normalize_advantages) },
    ...{ ...(mask && { mask }), ...(sequence && { sequence }) },
  };
  const ofNative = clip_value_loss ? 0 : value_loss_coefficient;
  const metrics = policy.native.ppo(minibatch, configOf(variant, ofNative), gradients);
  const { observation, action, actionMask, state } = batch;
  const now = policy.evaluateAction(state, observation, action, { actionMask });
  let valueLoss = metrics.valueLoss;
  if (clip_value_loss) {
    const smaller = smallerErrors(now.value.dataSync(), minibatch.value, minibatch.target, variant.clip_coefficient);
    const dValue = smaller.gradient.map((d) => (value_loss_coefficient * d) / batch.rows);
    const { parameters } = policy.gradient(observation, action, { ...callOptions(policy, batch), dValue });
    for (const { name, offset } of policy.program.parameters) {
      (parameters[name] as Float32Array).forEach((d, k) => {
        gradients[offset + k] = (gradients[offset + k] as number) + d;
      });
    }
    valueLoss = smaller.loss;
  }
  const entropyLoss = -mean(entropies(now.entropy, batch.rows));
  const logRatio = now.logProb.dataSync().map((p, i) => p - (minibatch.logProb[i] as number));
  const stats: Stats = {
    approx_kl: mean(Float64Array.from(logRatio, (x) => Math.exp(x) - x)) - 1,
    total_loss: metrics.policyLoss + value_loss_coefficient * valueLoss + entropy_loss_coefficient * entropyLoss,
    policy_loss: metrics.policyLoss,
    value_loss: valueLoss,
    entropy_loss: entropyLoss,
  };
  return { stats, gradients };
}

/** 0.5 mean min(error², error after clipping²), and its derivatives times the number of rows. */
function smallerErrors(value: Float32Array, before: Float32Array, target: Float32Array, clip: number) {
  const errors = Array.from(value, (v, i) => {
    const [old, goal] = [before[i] as number, target[i] as number];
    const move = Math.min(clip, Math.max(-clip, v - old));
    const [plain, clipped] = [v - goal, old + move - goal];
    const moves = plain ** 2 <= clipped ** 2 || move === v - old;
    return { square: Math.min(plain ** 2, clipped ** 2), d: moves ? plain : 0 };
  });
  const loss = 0.5 * mean(Float64Array.from(errors, ({ square }) => square));
  return { loss, gradient: Float32Array.from(errors, ({ d }) => d) };
}

function advantagesOf(advantages: Float64Array, normalize: boolean): Float32Array {
  if (!normalize) return Float32Array.from(advantages);
  const centre = mean(advantages);
  const deviation = Math.sqrt(mean(advantages.map((x) => (x - centre) ** 2)));
  return Float32Array.from(advantages, (x) => (x - centre) / (deviation + epsilon));
}

function configOf(variant: PpoVariant, valueCoefficient: number): NativePpoConfig {
  return {
    ...{ epochs: 1, minibatches: 1, gamma: 1, lambda: 1, rhoClip: 1, cClip: 1, rewardScale: 1, targetKl: 0 },
    ...{ clipRatio: variant.clip_coefficient, clipValue: Number.POSITIVE_INFINITY, valueCoefficient },
    ...{ entropyCoefficient: variant.entropy_loss_coefficient, maxGradNorm: Number.POSITIVE_INFINITY },
    normalizeAdvantage: false, // done here, with the epsilon of the reference
  };
}

/** The same minibatch three times, clipped by the norm and through the native Adam. */
function checkUpdates(policy: SpacePolicy, ppo: PpoSection, batch: Batch, accepted: Accepted): Comparison[] {
  const { adam, variants } = ppo;
  const { native, device } = policy;
  const facts = [same('adam/loss', adam.loss, 'variant 0'), same('adam/note', adam.note, repeated)];
  const config = {
    ...{ name: 'adam', beta1: adam.beta1, beta2: adam.beta2, epsilon: adam.eps, nesterov: false, weightDecay: 0 },
  };
  const optimizer = new (addon(device).Optimizer)(native.parameterCount, config, new Int32Array());
  const before = policy.parameters.flat();
  const parameters = before.slice();
  const expected: Record<number, PpoSection['adam']['params_after_1']> = {
    1: adam.params_after_1,
    3: adam.params_after_3,
  };
  const comparisons: Comparison[] = [];
  for (let update = 1; update <= 3; update++) {
    const { gradients } = lossOf(policy, ppo, variants[0] as PpoVariant, batch);
    const factor = Math.min(1, adam.max_grad_norm / norm(gradients));
    optimizer.step(
      parameters,
      gradients.map((g) => factor * g),
      adam.learning_rate,
    );
    native.writeParameters(parameters, 0);
    const name = (key: string): string => `adam/after ${update} ${key}`;
    const after = expected[update];
    if (after) comparisons.push(...compareArrays(name, byName(policy, parameters), after, accepted, 'updates'));
  }
  native.writeParameters(before, 0);
  optimizer.dispose();
  return [...facts, ...comparisons];
}

const repeated = 'same minibatch applied three times';

function byName({ program }: SpacePolicy, flat: Float32Array): Record<string, Float32Array> {
  return Object.fromEntries(
    program.parameters.map(({ name, offset, shape }) => [name, flat.subarray(offset, offset + sizeOf(shape))]),
  );
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
}

function mean(values: Float64Array): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
