// How long does a step of B environments take - native ones, TypeScript ones in this thread, the same in two workers - alone, and with a policy
// in a rollout? Peers: a bare loop over the same environments, which checks nothing and keeps nothing, and for workers rollouts in lock-step, also
// with environments whose steps take a while, always the same or at random.
const rolloutCase = (kind, what, rows, slow) => ({
  name: `${kind} ${what} B=${rows}${slow ? ` ${slow.microseconds} µs${slow.random ? ' random' : ''}` : ''}`,
  bench: 'rollout',
  kind,
  what,
  rows,
  ...slow,
  // Time on the processor would add up the threads of workers.
  clock: 'wall',
  perCall: rows,
});

export const cases = [
  ...['native', 'sync', 'workers'].flatMap((kind) =>
    ['step', 'collect'].flatMap((what) => [1, 16, 64, 256, 4096, 16384].map((rows) => rolloutCase(kind, what, rows))),
  ),
  ...[20, 200, 2000].flatMap((microseconds) =>
    [false, true].map((random) => rolloutCase('workers', 'collect', 16, { microseconds, random })),
  ),
];
