import { readFileSync } from 'node:fs';
import { test } from 'vitest';
import { checkActivations } from './activations.js';
import { checkActionSpaceBijectors } from './action-space-bijectors.js';
import { checkDistributions } from './distributions.js';
import { checkLogDetExpectation } from './log-det-expectation.js';
import { track } from './visits.js';
test('x', () => {
  for (const [f, c] of [['activations', checkActivations], ['action_space_bijectors', checkActionSpaceBijectors], ['log_det_expectation', checkLogDetExpectation], ['distributions', checkDistributions]] as const) {
    const t = track(JSON.parse(readFileSync(`/work/shared/golden/jaxdem/${f}.json`, 'utf8')));
    const r = c(t.value);
    const bad = r.filter((x) => !(x.error <= x.tolerance));
    console.log(f, r.length, 'failed', bad.length, 'unread', t.unread().slice(0, 10));
    for (const b of bad.slice(0, 40)) console.log('  ', b.name, b.error, b.referenceError, b.tolerance, b.unsupported ?? '');
    for (const p of ['float32', 'Float32', 'float64', 'Float64']) { const q = r.filter((x) => x.name.includes(p)); if (q.length) console.log('   worst', p, Math.max(...q.map((x) => x.error)), 'worst ratio', q.filter((x) => x.referenceError > 0).map((x) => [x.error / x.referenceError, x.name, x.error] as const).sort((a, b) => b[0] - a[0]).slice(0, p.endsWith('64') ? 0 : 6)); }
  }
});
