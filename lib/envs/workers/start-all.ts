// Starting all threads, and what their environments say of themselves.
import type { Box } from '../../spaces/box.js';
import { spaceFromJSON } from '../../spaces/from-json.js';
import { checkSpaces, type Spaces } from '../check-spaces.js';
import type { EnvironmentActionSpace } from '../environment.js';
import { describe } from './failure.js';
import type { Failure } from './host.js';
import type { WorkerPool } from './pool.js';

/**
 * Name and spaces, which are the same in all threads. `source` stands for the name where there is none yet.
 *
 * @throws TorsorError as the environment that failed first, or INVALID_SHAPE for spaces that differ.
 */
export async function startAll(pool: WorkerPool, source: string): Promise<Spaces & { name: string }> {
  const started = await Promise.all(pool.hosts.map((_, worker) => pool.start(worker)));
  const declared = started.map((ready, worker) => {
    if (ready === null) throw describe(pool.hosts[worker]?.failure as Failure, source, null);
    return {
      name: ready.name,
      observationSpace: spaceFromJSON(ready.observationSpace) as Box,
      actionSpace: spaceFromJSON(ready.actionSpace) as EnvironmentActionSpace,
    };
  });
  const [first] = declared as [Spaces & { name: string }];
  declared.forEach((spaces, worker) => {
    checkSpaces(spaces, first, pool.hosts[worker]?.first as number);
  });
  return first;
}
