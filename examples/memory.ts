// A policy that remembers: say which symbol was shown four steps ago. `npm run example -- memory`
import { evaluatePolicy, Model, NativeVectorEnvironment, PPO } from 'torsor';

const make = (count: number, key: number) => new NativeVectorEnvironment({ name: 'RepeatPrevious-k4', count, key });
const sizes = { observationSpaceSize: 4, actionSpaceSize: 4, discrete: true, key: 2 };

/** The share of right answers. */
async function learn(model: Model, steps: number): Promise<number> {
  // Answers count at once, so a short horizon of discounting does; a right one is worth 1 / 32.
  const trainer = new PPO({
    ...{ model, environment: make(64, 1), key: 3, gamma: 0.5, lambda: 0.9, rewardScale: 32 },
    ...{ horizon: 36, learningRate: 3e-3, entropyCoefficient: 0.001 },
  });
  for await (const _ of trainer.run({ steps }));
  const { meanReturn } = await evaluatePolicy(model, make(100, 9), { episodes: 100 });
  return meanReturn;
}

const forgetful = Model.create('SharedActorCritic', sizes);
console.log(`without a memory: ${(await learn(forgetful, 100_000)).toFixed(2)} right (chance: 0.25)`);

const lstm = Model.create('LSTMActorCritic', { ...sizes, hiddenFeatures: 32, lstmFeatures: 64 });
console.log(`with a memory: ${(await learn(lstm, 350_000)).toFixed(2)} right`);

// Step by step the model keeps its carry; `reset` clears the rows whose episode ended.
const shown = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
];
lstm.act(shown, { deterministic: true });
lstm.reset([2, 4], [false, true]);
const { c, h } = lstm.carry ?? {};
console.log(
  `carry: h [${h?.shape}], c [${c?.shape}]; row 1 is cleared: ${h
    ?.dataSync()
    .slice(64)
    .every((x) => x === 0)}`,
);
