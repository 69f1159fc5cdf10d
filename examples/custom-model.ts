// A model of your own: say once what it computes, and it trains natively. `npm run example -- custom-model`
import { categorical, evaluatePolicy, Model, NativeVectorEnvironment, type Node, PPO } from 'torsor';

/** Position and velocity of the cart are read by one network, angle and spin of the pole by another. */
@Model.register('two-eyes')
class TwoEyes extends Model<{ width: number }> {
  static override readonly defaults = { width: 16 };

  build(observation: Node) {
    const { width, actionSpaceSize } = this.options;
    const cart = observation.slice(0, 2).linear(width).tanh();
    const pole = observation.slice(2, 4).linear(width).tanh();
    const both = cart.concat(pole).linear(width).layerNorm().gelu();
    return { policy: categorical(both.linear(actionSpaceSize)), value: both.linear(1) };
  }
}

const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 64, key: 1 });
const model = Model.create<TwoEyes>('two-eyes', {
  observationSpaceSize: 4,
  actionSpaceSize: 2,
  discrete: true,
  width: 32,
  key: 2,
});
console.log(`${model.typeName}: ${model.parameters.count} parameters`);
for (const name of model.parameters.names) console.log(`  ${name} [${model.parameters.shape(name).join(', ')}]`);

const trainer = new PPO({ model, environment, key: 3, horizon: 64, learningRate: 2e-3, rewardScale: 0.1 });
for await (const _ of trainer.run({ steps: 300_000 }));

const { meanReturn } = await evaluatePolicy(
  model,
  new NativeVectorEnvironment({ name: 'CartPole-v1', count: 50, key: 4 }),
);
console.log(`evaluation: ${meanReturn.toFixed(1)} (untrained about 20, perfect 500)`);
