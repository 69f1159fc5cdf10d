// A thread that steps its share of a user's environments: it sleeps until its command word changes, and answers in shared memory.
import { parentPort, workerData } from 'node:worker_threads';
import { TorsorError } from '../../core/errors.js';
import { Key } from '../../random/key.js';
import { checkSpaces } from '../check-spaces.js';
import type { Environment } from '../environment.js';
import { Distinct } from '../made.js';
import { Shard } from '../shard.js';
import { vectorLayout } from '../vector-memory.js';
import { classNameOf } from '../wrappers/wrapper.js';
import {
  commands,
  shared,
  sharedWords,
  type WorkerMemory,
  type WorkerMessage,
  type WorkerStart,
  word,
  wordsOf,
} from './protocol.js';

const port = parentPort as NonNullable<typeof parentPort>;
const start = workerData as WorkerStart;
const say = (message: WorkerMessage): void => port.postMessage(message);

function fail(row: number, error: unknown): void {
  const code = error instanceof TorsorError ? error.code : null;
  const message = code === null ? String(error) : (error as Error).message;
  say({ kind: 'failure', row, code, message, stack: error instanceof Error ? String(error.stack) : message });
}

/** Runs commands until it is told to close. */
function serve({ memory, control, worker, name }: WorkerMemory, environments: Environment[]): void {
  const { observationSpace, actionSpace } = environments[0] as Environment;
  const own = wordsOf(control, worker);
  const all = sharedWords(control);
  const { first, count, total, autoreset } = start;
  const arrays = vectorLayout(total, observationSpace, actionSpace).view(memory);
  const keys = Key.fromJSON(start.key)
    .split(total)
    .slice(first, first + count);
  const cursor = own.subarray(word.cursor, word.cursor + 1);
  const shard = new Shard({ name, environments, first, keys, autoreset, memory: arrays, cursor });
  for (let given = 0; ; ) {
    // The call that wakes it may come after it has seen the command, and wake it a second time.
    while (Atomics.load(own, word.given) === given) Atomics.wait(own, word.given, given);
    given = Atomics.load(own, word.given);
    const command = own[word.command];
    if (command === commands.close) break;
    try {
      if (command === commands.step) shard.step();
      else shard.reset(command === commands.resetRows ? arrays.restart : undefined);
    } catch (error) {
      fail(own[word.cursor] as number, error);
      own[word.failed] = 1;
    }
    Atomics.store(own, word.done, given);
    // In this order: who waits writes `wanted` before it looks at `done`, so one of the two sees the other.
    const done = Atomics.add(all, shared.done, 1) + 1;
    if (((Atomics.load(all, shared.wanted) - done) | 0) <= 0) Atomics.notify(all, shared.done);
    if (own[word.failed] === 1) break;
  }
  shard.close();
}

async function main(): Promise<void> {
  const { first, count, source } = start;
  const environments: Environment[] = [];
  try {
    const make = (await import(source.module))[source.export];
    if (typeof make !== 'function') {
      throw new TorsorError('INVALID_ARGUMENT', `make: ${source.module} exports no function ${source.export}`);
    }
    const distinct = new Distinct();
    for (let row = first; row < first + count; row++) {
      const environment = make(row, source.options) as Environment;
      checkSpaces(environment, environments[0] ?? environment, row);
      distinct.check(environment, row);
      environments.push(environment);
    }
  } catch (error) {
    fail(first + environments.length, error);
    return;
  }
  const [example] = environments as [Environment];
  const { observationSpace, actionSpace } = example;
  const name = start.name ?? classNameOf(example);
  port.once('message', (memory: WorkerMemory) => serve(memory, environments));
  say({
    kind: 'ready',
    name,
    observationSpace: observationSpace.toJSON(),
    actionSpace: actionSpace.toJSON(),
  });
}

await main();
