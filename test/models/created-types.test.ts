// What TypeScript knows of Model.create: the options of our models by their names, and nothing of those of a user's own. `npm run typecheck`
// checks the types, and the tests that what it refuses is an error when it runs.
import { expect, expectTypeOf, test } from 'vitest';
import {
  type Bijector,
  Box,
  gaussian,
  LSTMActorCritic,
  type MLPActorCriticPolicy,
  Model,
  type Node,
  type SharedActorCritic,
} from '../../lib/index.js';
import { expectError } from '../support/errors.js';

const sizes = { observationSpaceSize: 3, actionSpaceSize: 2 };

test('the name of a model of ours says what is made, and of which options', () => {
  const shared = Model.create('SharedActorCritic', { ...sizes, architecture: [4], activation: 'tanh' });
  expectTypeOf(shared).toEqualTypeOf<SharedActorCritic>();
  expectTypeOf(shared.options.architecture).toEqualTypeOf<readonly number[]>();
  expectTypeOf(shared.options.actionSpace).toEqualTypeOf<Bijector | null>();
  const spaces = { observationSpace: new Box(-1, 1, [3]), actionSpace: new Box(-1, 1, [2]) };
  expectTypeOf(Model.create('MLPActorCriticPolicy', spaces)).toEqualTypeOf<MLPActorCriticPolicy>();
  for (const name of ['LSTMActorCritic', 'MinGRUActorCritic'] as const) {
    expectTypeOf(Model.create(name, { ...sizes, remat: true }).options.remat).toEqualTypeOf<boolean>();
  }
});

test('options that a model of ours does not have are refused', () => {
  // @ts-expect-error: lstmFeatures
  expectError(() => Model.create('LSTMActorCritic', { ...sizes, lstmFeature: 8 }), 'UNKNOWN_OPTION', 'lstmFeatures');
  // @ts-expect-error: an option of recurrent models
  expectError(() => Model.create('SharedActorCritic', { ...sizes, remat: true }), 'UNKNOWN_OPTION', 'remat');
  // @ts-expect-error: no activation
  expectError(() => Model.create('SharedActorCritic', { ...sizes, activation: 'tanhh' }), 'UNKNOWN_NAME', 'tanhh');
  // @ts-expect-error: the size of an action is missing
  expectError(() => Model.create('ActorCritic', { observationSpaceSize: 3 }), 'MISSING_OPTION', 'actionSpaceSize');
  // @ts-expect-error: sizes where spaces are wanted
  expectError(() => Model.create('NCDEActorCriticPolicy', sizes), 'UNKNOWN_OPTION', 'observationSpaceSize');
});

test('names of models of the user stay open', () => {
  @Model.register('typed')
  class Typed extends Model<{ hidden: number }> {
    static override readonly defaults = { hidden: 5 };
    build(observation: Node) {
      const logStd = observation.parameter('log_std', [this.options.actionSpaceSize]);
      const mean = observation.linear(this.options.hidden).linear(this.options.actionSpaceSize);
      return { policy: gaussian(mean, { logStd }), value: observation.linear(1) };
    }
  }
  expectTypeOf(Model.create('typed', { ...sizes, hidden: 4 })).toEqualTypeOf<Model>();
  expectTypeOf(Model.create<Typed>('typed', { ...sizes, hidden: 4 }).options.hidden).toEqualTypeOf<number>();
  const named: Typed = Model.create('typed', { ...sizes, hidden: 4 });
  expect(named.options.hidden).toBe(4);
  // @ts-expect-error: what every model takes is known here too
  expectError(() => Model.create('typed', { observationSpaceSize: 3 }), 'MISSING_OPTION', 'actionSpaceSize');

  const name: string = 'LSTM actor-critic';
  expectTypeOf(Model.create(name, { ...sizes, lstmFeatures: 4 })).toEqualTypeOf<Model>();
  expect(Model.create(name, { ...sizes, lstmFeatures: 4 })).toBeInstanceOf(LSTMActorCritic);
});
