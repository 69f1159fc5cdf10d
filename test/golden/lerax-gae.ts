// Advantages of lerax: one environment, through the native rollout.
import type { Device } from '../../lib/addon/load.js';
import { advantages } from './advantage.js';
import type { Comparison } from './compare.js';
import { against, tight } from './lerax-accepted.js';

interface Golden {
  kind: string;
  meta: unknown;
  cases: (Record<'rewards' | 'values' | 'dones' | 'advantages' | 'returns', number[]> &
    Record<'gamma' | 'gae_lambda' | 'last_value', number>)[];
}

export function checkLeraxGae(json: unknown, device: Device = 'cpu'): Comparison[] {
  const { kind, meta, cases } = json as Golden;
  JSON.stringify([kind, meta]);
  return cases.flatMap((c, i) => {
    const computed = advantages(
      device,
      { gamma: c.gamma, lambda: c.gae_lambda, rhoClip: 1, cClip: 1 },
      {
        ...{ horizon: c.values.length, environments: 1 },
        ...{ reward: Float32Array.from(c.rewards), value: Float32Array.from(c.values) },
        ...{ done: Uint8Array.from(c.dones), last: Float32Array.of(c.last_value) },
      },
    );
    return [
      against(`case ${i}/advantages`, computed.advantage, c.advantages, tight),
      against(`case ${i}/returns`, computed.return, c.returns, tight),
    ];
  });
}
