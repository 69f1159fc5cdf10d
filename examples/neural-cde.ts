// A policy that sees through time: a neural differential equation on CartPole whose velocities are hidden. `npm run example -- neural-cde`
import { evaluatePolicy, Model, NativeVectorEnvironment, PPO } from 'torsor';

const make = (count: number, key: number) => new NativeVectorEnvironment({ name: 'CartPoleMasked-v1', count, key });

const environment = make(64, 1);
const { observationSpace, actionSpace } = environment;
const policy = Model.create('NCDEActorCriticPolicy', {
  ...{ observationSpace, actionSpace, key: 2 },
  ...{ latentSize: 8, featureSize: 8, fieldWidth: 16, valueWidth: 32 },
  stepping: { substeps: 1 }, // one step from each observation to the next: cheaper than step control, and more accurate
  squashValue: true, // one critic: what a rollout ends with is valued as everything else
});
console.log(`${policy.parameters.count} parameters, a window of ${policy.options.historyLength} observations`);

const trainer = new PPO({ model: policy, environment, key: 3, horizon: 64, learningRate: 3e-3, rewardScale: 0.1 });
for await (const _ of trainer.run({ steps: 200_000 }));
const { meanReturn } = await evaluatePolicy(policy, make(50, 9), { episodes: 50 });
console.log(`return ${meanReturn.toFixed(0)} without seeing a velocity`);

// Step by step: a state goes in, the next one comes out. NaN marks the empty places of the window.
let state = policy.reset();
for (const angle of [0, 0.01, 0.03]) ({ state } = policy.call(state, [0, angle]));
console.log(`t = ${state.t.item()}, times in the window: ${state.cde.ts.dataSync().join(', ')}`);
