// How long does a step of B environments take - native ones, TypeScript ones in this thread, the same in two workers - alone, and with a policy
// in a rollout? The peer is a bare loop over the same environments, which checks nothing and keeps nothing.
export const cases = ['native', 'sync', 'workers'].flatMap((kind) =>
  ['step', 'collect'].flatMap((what) =>
    [1, 16, 256, 4096, 16384].map((rows) => ({
      name: `${kind} ${what} B=${rows}`,
      bench: 'rollout',
      kind,
      what,
      rows,
      // Time on the processor would add up the threads of workers.
      clock: 'wall',
      perCall: rows,
    })),
  ),
);
