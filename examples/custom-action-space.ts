// Actions in units of your own: a power between two limits, chosen on a logarithmic scale. `npm run example -- custom-action-space`
import { ActionSpace, BoxBijector, Chain, Exp, Model } from 'torsor';

/** exp(box(x)): as likely between 1 and 10 watts as between 10 and 100. Log-probabilities and gradients follow by themselves. */
@ActionSpace.register('power')
class Power extends Chain {
  readonly #limits: { low: number; high: number };

  constructor({ low, high }: { low: number; high: number }) {
    super({ bijectors: [new Exp(), new BoxBijector({ low: Math.log(low), high: Math.log(high) })] });
    this.#limits = { low, high };
  }

  /** What a saved model keeps of it. */
  override get options() {
    return this.#limits;
  }
}

const model = Model.create('SharedActorCritic', {
  observationSpaceSize: 2,
  actionSpaceSize: 1,
  actionSpace: new Power({ low: 1, high: 100 }),
  key: 1,
});

const observation = new Float32Array(2 * 1000).fill(0.5);
const { action, logProb, latent } = model.act(observation, { key: 2 });
const watts = [...action.dataSync()].sort((a, b) => a - b);
const at = (share: number) => (watts[Math.floor(share * watts.length)] as number).toFixed(2);
console.log(`power: least ${at(0)} W, median ${at(0.5)} W, most ${at(0.999)} W`);
console.log(
  `log-probability of the first: ${logProb.dataSync()[0]?.toFixed(4)}, before the bijector: ${latent.dataSync()[0]?.toFixed(4)}`,
);
console.log(`in a saved model: ${JSON.stringify(model.metadata.actionSpace)}`);
