// Which options of a preset's model another model is given.
import { expect, it } from 'vitest';
import { readPlan } from '../../lib/cli/plan.js';
import '../../lib/index.js';

const optionsOf = async (...args: string[]) => (await readPlan(['--env', 'MountainCar-v0', ...args])).modelOptions;
const all = { activation: 'tanh', actorScale: 0.01, criticScale: 1, normalizeObservations: true };

it('gives single models what they need besides; what is typed wins', async () => {
  const plan = (...args: string[]) => readPlan(['--env', 'Acrobot-v1', ...args]);
  const lstm = await plan('--model', 'LSTMActorCritic');
  expect(lstm.modelOptions).toEqual({ normalizeObservations: true });
  expect(lstm.settings).toMatchObject({ learningRate: 1e-3, entropyCoefficient: 0.02 });
  expect((await plan()).settings).not.toHaveProperty('entropyCoefficient');
  const typed = await plan('--model', 'lstm_actor_critic', '--set', 'entropyCoefficient=0.1');
  expect(typed.settings.entropyCoefficient).toBe(0.1);
});

it.each([
  ['ActorCritic', all],
  ['shared_actor_critic', all],
  ['MLPActorCriticPolicy', { activation: 'tanh', normalizeObservations: true }],
  ['NCDEActorCriticPolicy', { activation: 'tanh', normalizeObservations: true }],
  ['LSTMActorCritic', { activation: 'tanh', normalizeObservations: true, lstmFeatures: 16 }],
])('%s: those that it has', async (model, expected) => {
  expect(await optionsOf()).toEqual(all);
  expect(await optionsOf('--model', model)).toEqual(expected);
});
