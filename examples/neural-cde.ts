// A policy that sees through time: a neural differential equation on CartPole whose velocities are hidden. `npm run example -- neural-cde`
import { Box, evaluatePolicy, Model, NativeVectorEnvironment, PPO } from 'torsor';

const make = (count: number, key: number) => new NativeVectorEnvironment({ name: 'CartPoleMasked-v1', count, key });

const environment = make(64, 1);
const { observationSpace, actionSpace } = environment;
const policy = Model.create('NCDEActorCriticPolicy', {
  ...{ observationSpace, actionSpace, key: 2 },
  stepping: { substeps: 1 }, // one step between observations: cheaper than step control, and more accurate
  squashValue: true, // values at the end of a rollout are then those of the critic
});
console.log(`${policy.parameters.count} parameters, a window of ${policy.options.historyLength} observations`);

const trainer = new PPO({ model: policy, environment, key: 3, horizon: 64, learningRate: 3e-3, rewardScale: 0.1 });
for await (const _ of trainer.run({ steps: 150_000 }));
const { meanReturn } = await evaluatePolicy(policy, make(50, 9), { episodes: 50 });
console.log(`return of ${meanReturn.toFixed(0)} without seeing a velocity`);

// Step by step: a state goes in and the next one comes out. NaN marks empty places of the window.
let state = policy.reset();
for (const position of [0, 0.01, 0.03]) ({ state } = policy.call(state, [position, 0]));
console.log(`t = ${state.t.item()}, times in the window: ${state.cde.ts.dataSync().join(', ')}`);

// lerax reads the file, and `deserialize` reads lerax' files.
console.log(`still a Box: ${policy.observationSpace instanceof Box}`);
