// A loop over environments without anything around it: what they cost by themselves.
import { make } from './cart-pole.mjs';
import { serve } from './contender.mjs';

await serve('a bare loop', ({ bench, kind, what, rows }) => {
  if (bench !== 'rollout' || kind === 'native' || what !== 'step') throw new Error('has no such case');
  const environments = Array.from({ length: rows }, make);
  environments.forEach((environment, row) => {
    environment.reset({ seed: row });
  });
  let sum = 0;
  return {
    run() {
      for (let row = 0; row < rows; row++) {
        const [observation, reward, terminated, truncated] = environments[row].step(row % 2);
        sum += observation[0] + reward;
        if (terminated || truncated) sum += environments[row].reset({ seed: row })[0][0];
      }
    },
    dispose: () => sum,
  };
});
