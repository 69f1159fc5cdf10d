// The numbers of an iteration under the names that Stable-Baselines3 gives them, so that its dashboards and scripts read ours.
import type { RunRecord } from './logger.js';

/** What SB3 has no name for stands under `train/` in its style. Those a record lacks are NaN. */
export function scalars({ metrics: m, evaluation }: RunRecord, minibatches: number): Record<string, number> {
  return {
    'rollout/ep_rew_mean': m.meanReturn,
    'rollout/ep_len_mean': m.meanLength,
    'time/fps': m.stepsPerSecond,
    'time/iterations': m.iteration,
    'time/time_elapsed': m.seconds,
    'time/total_timesteps': m.steps,
    'train/approx_kl': m.approxKl,
    'train/clip_fraction': m.clipFraction,
    'train/clip_range': m.clipRatio,
    'train/ent_coef': m.entropyCoefficient,
    // SB3's is the loss, which falls as the entropy rises.
    'train/entropy_loss': -m.entropy,
    'train/explained_variance': m.explainedVariance,
    'train/grad_norm': m.gradNorm,
    'train/learning_rate': m.learningRate,
    'train/loss': m.loss,
    // Passes over a rollout, as SB3 counts.
    'train/n_updates': m.updates / minibatches,
    'train/policy_gradient_loss': m.policyLoss,
    // SB3's is the squared error, ours half of it.
    'train/value_loss': 2 * m.valueLoss,
    'eval/mean_reward': evaluation?.meanReturn ?? Number.NaN,
    'eval/mean_ep_length': evaluation?.meanLength ?? Number.NaN,
  };
}
