// Several agents per environment, one policy for all of them: every agent is a row. `npm run example -- multi-agent`
import {
  Box,
  Discrete,
  evaluatePolicy,
  Key,
  Model,
  type MultiAgentEnvironment,
  MultiAgentVectorEnvironment,
  PPO,
} from 'torsor';

const agents = ['north', 'east', 'south', 'west'] as const;
type Agent = (typeof agents)[number];

/** `value(agent)` for every agent. */
function each<T>(value: (agent: Agent, index: number) => T): Record<Agent, T> {
  return Object.fromEntries(agents.map((agent, index) => [agent, value(agent, index)])) as Record<Agent, T>;
}

/**
 * Four lanes with one crossing. Actions: wait, or drive. Who drives alone passes, and earns the length of the queue it stood in; those who
 * drive at once block each other and pay for it. Every car sees its own queue and those of the others, the nearest on the right first.
 */
class Crossing implements MultiAgentEnvironment<Discrete> {
  readonly agents = agents;
  readonly observationSpace = new Box(0, 1, [agents.length]);
  readonly actionSpace = new Discrete(2);
  #key = new Key(0);
  #queues = each(() => 0);
  #minutes = 0;

  reset({ seed = 0 }: { seed?: number } = {}): ReturnType<MultiAgentEnvironment['reset']> {
    this.#key = new Key(seed);
    this.#minutes = 0;
    this.#queues = each(() => this.#random());
    return [this.#observe(), each(() => ({}))];
  }

  step(actions: Readonly<Record<string, number>>): ReturnType<MultiAgentEnvironment['step']> {
    const driving = agents.filter((agent) => actions[agent] === 1);
    const passes = driving.length === 1 ? driving[0] : undefined;
    const rewards = each((agent) => {
      if (agent === passes) return this.#queues[agent];
      return driving.includes(agent) ? -0.25 : 0;
    });
    this.#queues = each((agent) => (agent === passes ? this.#random() : this.#queues[agent]));
    const over = ++this.#minutes >= 20;
    return [this.#observe(), rewards, each(() => false), each(() => over), each(() => ({}))];
  }

  #observe(): Record<Agent, number[]> {
    return each((_, index) => agents.map((_, k) => this.#queues[agents[(index + k) % agents.length] as Agent]));
  }

  /** In (0, 1). */
  #random(): number {
    this.#key = this.#key.next();
    return (this.#key.word() + 0.5) / 2 ** 32;
  }
}

const make = (count: number, key: number) =>
  new MultiAgentVectorEnvironment({ make: () => new Crossing(), count, key });
const environment = make(32, 1);
console.log(
  `${environment.name}: ${environment.count} rows, of ${environment.agents.length} agents each: ${environment.agents.join(', ')}`,
);

const model = Model.create('SharedActorCritic', {
  observationSpaceSize: 4,
  actionSpaceSize: 2,
  discrete: true,
  key: 2,
});
// The mean over the agents; episodes are counted per row.
const judge = () => evaluatePolicy(model, make(10, 9), { episodes: 400, deterministic: false });
console.log(`before: ${(await judge()).meanReturn.toFixed(1)} per car`);
const trainer = new PPO({
  model,
  environment,
  key: 3,
  horizon: 40,
  gamma: 0.5,
  learningRate: 3e-3,
  entropyCoefficient: 0.01,
});
for await (const _ of trainer.run({ steps: 600_000 }));
console.log(`after: ${(await judge()).meanReturn.toFixed(1)} per car (the longest queue first, always: 2.8)`);
