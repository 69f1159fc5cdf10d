// One policy that steers four agents at once, each within limits of its own. `npm run example -- several-agents`
import { evaluatePolicy, Groups, MaxNorm, Model, NativeVectorEnvironment, PPO } from 'torsor';

const name = 'Navigation-a4';
const environment = new NativeVectorEnvironment({ name, count: 64, key: 1 });
const model = Model.create('SharedActorCritic', {
  observationSpaceSize: environment.observationSpace.size,
  actionSpaceSize: 8,
  // An action is four accelerations in the plane. Each of them has a length of 1 at most, whatever its direction.
  actionSpace: new Groups({ bijector: new MaxNorm({ maxNorm: 1 }), size: 2 }),
  // The model learns mean and variance of what it sees, and takes them along wherever it goes.
  normalizeObservations: true,
  architecture: [64, 64],
  key: 2,
});

const judge = async () => {
  const judges = new NativeVectorEnvironment({ name, count: 100, key: 4 });
  const { meanReturn } = await evaluatePolicy(model, judges);
  return meanReturn.toFixed(1);
};
console.log(`before: ${await judge()}`);
const trainer = new PPO({
  model,
  environment,
  key: 3,
  horizon: 64,
  epochs: 5,
  minibatches: 8,
  gamma: 0.95,
  learningRate: 1e-3,
});
for await (const { iteration, steps, meanReturn } of trainer.run({ steps: 400_000 })) {
  if (iteration % 20 === 0) console.log(`${steps} steps: mean return ${meanReturn.toFixed(1)}`);
}
console.log(`after: ${await judge()}`);

const { action } = model.act(environment.observe().slice(0, environment.observationSpace.size), { key: 5 });
const accelerations = action.dataSync();
const lengths = [0, 1, 2, 3].map((agent) => Math.hypot(...accelerations.subarray(2 * agent, 2 * agent + 2)).toFixed(3));
console.log(`lengths of four accelerations: ${lengths.join(', ')}`);
const { count, variance } = model.statistics.get('observation');
console.log(`${count} observations seen; variance of the first position ${variance[0]?.toFixed(3)}`);
