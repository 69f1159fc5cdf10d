// Whether nine in ten seeds of an environment reach its goal within two minutes.
import { environments } from './environments.mjs';
import { train } from './train.mjs';

const timeLimit = 120;

/** Says how each seed did. An environment without a goal is only to be in time. */
export async function reachesGoal(env, { seeds, model, steps: wanted }) {
  const { goal = Number.NEGATIVE_INFINITY } = environments[env] ?? {};
  let reached = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const { meanReturn, steps, seconds } = await train({ env, seed, model, steps: wanted });
    const good = meanReturn >= goal && seconds <= timeLimit;
    if (good) reached++;
    const numbers = `return ${meanReturn.toFixed(2).padStart(8)}  ${steps} steps  ${seconds.toFixed(1)} s`;
    console.log(`${env} seed ${seed}: ${numbers}${good ? '' : '  MISSED'}`);
  }
  console.log(`${env}: ${reached} of ${seeds} seeds reached ${Number.isFinite(goal) ? goal : 'the end'}`);
  return reached >= 0.9 * seeds;
}
