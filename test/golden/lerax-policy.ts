// Policies of lerax: what they compute for single cases, a loss over them with its gradients, and updates by PPO.
import type { Device } from '../../lib/addon/load.js';
import { NCDEActorCriticPolicy, type SpacePolicy } from '../../lib/index.js';
import { type Comparison, same } from './compare.js';
import { type Accepted, acceptedFor, against, tight } from './lerax-accepted.js';
import { type Batch, batchOf, callOptions, probe } from './lerax-batch.js';
import { type Case, createPolicy, type LeraxFile, list, type Numbers } from './lerax-file.js';
import { compareGradients, entropies } from './lerax-gradients.js';
import { checkPpo } from './lerax-ppo.js';
import { checkSolver } from './lerax-solver.js';
import { checkRollout, statesBefore } from './lerax-window.js';

export function checkLeraxPolicy(json: unknown, device: Device = 'cpu'): Comparison[] {
  const file = json as LeraxFile;
  const { cases } = file;
  const policy = createPolicy(file, device);
  const state = policy instanceof NCDEActorCriticPolicy ? statesBefore(policy, cases) : null;
  const batch = batchOf(policy, cases, state);
  const accepted = acceptedFor(file, cases);
  const each = (c: Case): Accepted => acceptedFor(file, [c]);
  const comparisons = [
    ...checkCases(policy, cases, batch, each),
    ...checkRollout(policy, cases, each, tight),
    ...checkSolver(policy, file, batch, each),
    ...(file.scalar_loss ? checkScalarLoss(policy, file.scalar_loss, batch, accepted) : []),
    ...(file.ppo ? checkPpo(policy, file.ppo, batch, accepted) : []),
  ];
  policy.dispose();
  return comparisons;
}

/** Numbers of every case, in one array. */
type Quantities = Record<string, ArrayLike<number>>;

function checkCases(
  policy: SpacePolicy,
  cases: readonly Case[],
  batch: Batch,
  accepted: (c: Case) => Accepted,
): Comparison[] {
  const quantities = computed(policy, batch);
  return cases.flatMap((c, i) => [
    ...Object.keys(c.expected).flatMap((name) => {
      if (name === 'steps') return []; // of the solver
      const all = quantities[name];
      if (all === undefined) throw new Error(`case ${i}: nothing computes ${name}`);
      const width = all.length / cases.length;
      const actual = Array.from({ length: width }, (_, k) => all[i * width + k] as number);
      return [against(`case ${i}/${name}`, actual, c.expected[name] as Numbers, accepted(c))];
    }),
    ...checkSample(policy, c, quantities, batch, i, accepted(c)),
    ...checkStructured(policy, c, i),
  ]);
}

function computed(policy: SpacePolicy, batch: Batch): Quantities {
  const { observation, action, actionMask, state } = batch;
  const { value, logProb, entropy } = policy.evaluateAction(state, observation, action, { actionMask });
  const features = featuresOf(policy);
  return {
    ...{ features: probe(policy, batch, features), dist_raw: probe(policy, batch, rawOf(policy)) },
    ...(policy instanceof NCDEActorCriticPolicy && { latent: probe(policy, batch, inputOf(policy, features)) }),
    mode: policy.call(state, observation, { actionMask }).action.dataSync(),
    ...{ value: value.dataSync(), log_prob: logProb.dataSync(), entropy: entropy.dataSync() },
    value_method: policy.value(state, observation).value.dataSync(),
  };
}

/** What the instruction reads that gives a value: the latent, before its tanh. */
function inputOf({ program }: SpacePolicy, index: number): number {
  return program.instructions[index - 1 - (program.states?.length ?? 0)]?.inputs[0] as number;
}

function rawOf({ program }: SpacePolicy): number {
  return program.head.inputs[0] as number;
}

/** The value that the first linear of the action head reads. */
export function featuresOf({ program }: SpacePolicy): number {
  const first = program.instructions.find(({ parameters }) => parameters[0] === 'action_head.mlp.layers.0.kernel');
  return first?.inputs[0] as number;
}

/** A draw of the reference, from noise that is told for a Box: the same draw, and what the policy says of it. */
function checkSample(
  policy: SpacePolicy,
  { sample }: Case,
  { mode }: Quantities,
  batch: Batch,
  i: number,
  accepted: Accepted,
): Comparison[] {
  if (sample === undefined) return [];
  const drawn = list(sample.action);
  const width = drawn.length;
  const action = batch.action.slice();
  for (const [k, number] of drawn.entries()) action[i * width + k] = number;
  const { observation, actionMask, state } = batch;
  const { value, logProb } = policy.evaluateAction(state, observation, action, { actionMask });
  const name = `case ${i}/sample`;
  const judged = [
    against(`${name} value`, [value.dataSync()[i] as number], sample.value, accepted),
    against(`${name} log_prob`, [logProb.dataSync()[i] as number], sample.log_prob, accepted),
  ];
  if (sample.standard_normal_noise === undefined) return judged;
  const noise = list(sample.standard_normal_noise);
  const logStd = policy.parameters.get('action_head.log_std');
  const made = noise.map((z, k) => (mode?.[i * width + k] as number) + Math.exp(logStd[k] as number) * z);
  return [against(`${name} action`, made, sample.action, accepted), ...judged];
}

/** An observation in the form of its space: its flat form, and that the policy takes it. */
function checkStructured(policy: SpacePolicy, { observation, observation_flat }: Case, i: number): Comparison[] {
  if (observation === undefined) return [];
  const value = JSON.parse(JSON.stringify(observation));
  const flat = policy.observationSpace.flatten(value as never);
  const one = policy.value(policy.reset(), value).value.item();
  const rows = { data: Float32Array.from(list(observation_flat)), shape: [1, flat.length] };
  return [
    same(`case ${i}/observation`, [...flat], [...Float32Array.from(list(observation_flat))]),
    same(`case ${i}/value of observation`, one, policy.value(policy.reset({ batch: 1 }), rows).value.item()),
  ];
}

function checkScalarLoss(
  policy: SpacePolicy,
  { formula, value: expected, grads, grad_observations }: NonNullable<LeraxFile['scalar_loss']>,
  batch: Batch,
  accepted: Accepted,
): Comparison[] {
  const known = 'mean over cases of 0.5*value - 0.7*log_prob + 0.3*mean(entropy)';
  const [ofValue, ofLogProb, ofEntropy] = [0.5, -0.7, 0.3];
  const { rows, observation, action, actionMask, state } = batch;
  const { value, logProb, entropy } = policy.evaluateAction(state, observation, action, { actionMask });
  const [v, p, h] = [value.dataSync(), logProb.dataSync(), entropies(entropy, rows)];
  const terms = Array.from(v, (x, i) => ofValue * x + ofLogProb * (p[i] as number) + ofEntropy * (h[i] as number));
  const each = (weight: number): Float32Array => new Float32Array(rows).fill(weight / rows);
  const gradient = policy.gradient(observation, action, {
    ...callOptions(policy, batch),
    ...{ dValue: each(ofValue), dLogProb: each(ofLogProb), dEntropy: each(ofEntropy) },
  });
  return [
    same('scalar_loss/formula', formula, known),
    against('scalar_loss/value', [terms.reduce((a, b) => a + b, 0) / rows], expected, accepted),
    ...compareGradients('scalar_loss', gradient.parameters, grads, accepted),
    ...(grad_observations
      ? [against('scalar_loss/grad of observations', gradient.observation, grad_observations, accepted, 'gradient')]
      : []),
  ];
}
