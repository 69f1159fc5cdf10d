// What is disposed of while an iteration is under way: memory stays until the native call has ended, and the run ends with DISPOSED.
import { expect, test } from 'vitest';
import { Box, Discrete, type Environment, Key, Rollout, SyncVectorEnvironment } from '../../lib/index.js';
import { expectRejection } from '../support/errors.js';
import { smallTrainer } from '../support/small-trainer.js';

type Trainer = ReturnType<typeof smallTrainer>;

/** Disposes of something after some milliseconds of an endless run: in collecting or in updating, as it happens. */
async function disposing(trainer: Trainer, dispose: () => void, milliseconds: number): Promise<never> {
  let thrown: unknown;
  const timer = setTimeout(() => {
    try {
      dispose();
    } catch (error) {
      thrown = error; // would end the process
    }
  }, milliseconds);
  try {
    for await (const { iteration } of trainer.run({ steps: 1e12 })) expect(iteration).toBeGreaterThan(0);
  } finally {
    clearTimeout(timer);
    expect(thrown).toBeUndefined();
  }
  throw new Error('the run ended by itself');
}

const parts: [what: string, of: (trainer: Trainer) => { dispose(): void }][] = [
  ['a trainer', (trainer) => trainer],
  ['its rollout', (trainer) => trainer.rollout],
  ['its model', (trainer) => trainer.model],
  ['its environment', (trainer) => trainer.environment as { dispose(): void }],
];

test.each(parts)('%s, in a timer', async (_, of) => {
  for (const milliseconds of [1, 4, 9, 16]) {
    const trainer = smallTrainer(256, { epochs: 4 });
    await expectRejection(
      disposing(trainer, () => of(trainer).dispose(), milliseconds),
      'DISPOSED',
      'was disposed',
    );
    trainer.dispose();
  }
});

test.each(parts)('%s, while a native call is certain to be under way', async (_, of) => {
  const trainer = smallTrainer(256, { epochs: 4 });
  const run = trainer.run({ steps: 1e12 });
  const first = run.next();
  of(trainer).dispose();
  of(trainer).dispose();
  const goOn = async () => {
    await first; // an iteration may do without environments once it has collected
    for await (const { iteration } of run) expect(iteration).toBeLessThan(3);
  };
  await expectRejection(goOn(), 'DISPOSED', 'was disposed');
});

test('a rollout that collects', async () => {
  const { model, environment } = smallTrainer(256);
  const rollout = new Rollout({ model, environment, horizon: 64 });
  const collecting = rollout.collect(new Key(1));
  rollout.dispose();
  await expectRejection(collecting, 'DISPOSED', 'rollout was disposed');
});

test('a rollout, by an environment it steps', async () => {
  const space = new Box(-1, 1, [4]);
  const { model } = smallTrainer(1);
  const given: { rollout?: Rollout } = {};
  const make = (): Environment => ({
    observationSpace: space,
    actionSpace: new Discrete(2),
    reset: () => [[0, 0, 0, 0], {}],
    step: () => {
      given.rollout?.dispose();
      return [[0, 0, 0, 0], 0, false, false, {}];
    },
  });
  given.rollout = new Rollout({ model, environment: new SyncVectorEnvironment({ make, count: 2 }), horizon: 8 });
  await expectRejection(given.rollout.collect(new Key(1)), 'DISPOSED', 'rollout was disposed');
});
