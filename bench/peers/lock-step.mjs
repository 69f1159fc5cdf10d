// Torsor's own rollouts with workers that wait for each other at every step.
import { setThreads } from '../../dist/index.js';
import { serve } from './contender.mjs';
import { rolloutStep } from './torsor-rollout.mjs';

setThreads(Number(process.argv[2] ?? 1));

await serve('torsor in lock-step', (task) => {
  if (task.bench !== 'rollout' || task.kind !== 'workers' || task.what !== 'collect')
    throw new Error('has no such case');
  return rolloutStep(task, task.rows);
});
