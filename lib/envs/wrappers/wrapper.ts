// Wrapper: an environment that changes another one.
import type { Box } from '../../spaces/box.js';
import type { ActionOf, Environment, EnvironmentActionSpace, Info } from '../environment.js';

export type ResetResult = ReturnType<Environment['reset']>;
export type StepResult = ReturnType<Environment['step']>;

/** Passes everything on to `environment`; a subclass overrides what it changes. */
export class Wrapper<A extends EnvironmentActionSpace = EnvironmentActionSpace> implements Environment<A> {
  readonly observationSpace: Box;
  readonly actionSpace: A;
  /** Absent where the inner environment has none. */
  readonly render?: () => string;

  constructor(readonly environment: Environment<A>) {
    this.observationSpace = environment.observationSpace;
    this.actionSpace = environment.actionSpace;
    if (environment.render) this.render = () => environment.render?.() as string;
  }

  reset(options?: { seed?: number; options?: Info }): ResetResult {
    return this.environment.reset(options);
  }

  step(action: ActionOf<A>): StepResult {
    return this.environment.step(action);
  }

  close(): void {
    this.environment.close?.();
  }
}

/** The name of the class of an environment, or of that within its wrappers. */
export function classNameOf(environment: Environment): string {
  return environment instanceof Wrapper ? classNameOf(environment.environment) : environment.constructor.name;
}
