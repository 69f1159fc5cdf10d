// What actions drawn evenly return: where learning starts.
import { Key, NativeVectorEnvironment } from '../../dist/index.js';

/** The mean return of the first episodes of so many environments. */
export function chance(name, episodes = 100) {
  const environment = new NativeVectorEnvironment({ name, count: episodes, key: 1 });
  const { actionSpace } = environment;
  const keys = new Key(2).split(environment.maxEpisodeSteps * episodes);
  const returns = new Float64Array(episodes);
  const ended = new Uint8Array(episodes);
  environment.reset();
  for (let t = 0; ended.includes(0); t++) {
    const actions = Array.from(returns, (_, row) => actionSpace.sample(keys[t * episodes + row]));
    const box = typeof actions[0] !== 'number';
    const { reward, terminated, truncated } = environment.step(
      box ? Float32Array.from(actions.flatMap((action) => [...action])) : Int32Array.from(actions),
    );
    for (let row = 0; row < episodes; row++) {
      if (ended[row] === 0) returns[row] += reward[row];
      ended[row] |= terminated[row] | truncated[row];
    }
  }
  environment.dispose();
  return returns.reduce((sum, value) => sum + value, 0) / episodes;
}
