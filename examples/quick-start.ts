// Train a policy to swing up a pendulum, and see what it earns. `npm run example -- quick-start`
import { evaluatePolicy, Model, NativeVectorEnvironment, PPO } from 'torsor';

const environment = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 64, key: 1 });
const model = Model.create('SharedActorCritic', {
  observationSpaceSize: 3,
  actionSpaceSize: 1,
  actionSpace: { type: 'box', kw: { low: -2, high: 2 } },
  architecture: [64, 64],
  key: 2,
});

const trainer = new PPO({
  model,
  environment,
  key: 3,
  horizon: 64,
  epochs: 5,
  minibatches: 8,
  gamma: 0.95,
  learningRate: 1e-3,
  rewardScale: 0.01,
});
for await (const { iteration, steps, meanReturn } of trainer.run({ steps: 400_000 })) {
  if (iteration % 20 === 0) console.log(`${steps} steps: mean return ${meanReturn.toFixed(0)}`);
}

const judges = new NativeVectorEnvironment({ name: 'Pendulum-v1', count: 100, key: 4 });
const { meanReturn, standardError } = await evaluatePolicy(model, judges);
console.log(
  `evaluation: ${meanReturn.toFixed(1)} ± ${standardError.toFixed(1)} (untrained about -1200, perfect about -150)`,
);
