// What actions drawn evenly return: where learning starts.
import { Box, Key, NativeVectorEnvironment, uniform } from '../../dist/index.js';

/** The mean return of the first episodes of so many environments. */
export function chance(name, episodes = 100) {
  const environment = new NativeVectorEnvironment({ name, count: episodes, key: 1 });
  const { actionSpace: space } = environment;
  const key = new Key(2);
  function draw(t) {
    const u = uniform(key.at(t), [episodes * (space.size ?? 1)]);
    // Uniform numbers lie in (0, 1].
    if (!(space instanceof Box)) return Int32Array.from(u, (x) => Math.ceil(x * space.n) - 1);
    return u.map((x, k) => space.low[k % space.size] + x * (space.high[k % space.size] - space.low[k % space.size]));
  }
  const returns = new Float64Array(episodes);
  const ended = new Uint8Array(episodes);
  environment.reset();
  for (let t = 0; ended.includes(0); t++) {
    const { reward, terminated, truncated } = environment.step(draw(t));
    for (let row = 0; row < episodes; row++) {
      if (ended[row] === 0) returns[row] += reward[row];
      ended[row] |= terminated[row] | truncated[row];
    }
  }
  environment.dispose();
  return returns.reduce((sum, value) => sum + value, 0) / episodes;
}
