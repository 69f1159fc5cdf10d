// Wrapper: an environment that changes another one.
import { having } from '../../core/check.js';
import type { Box } from '../../spaces/box.js';
import type { ActionOf, Environment, EnvironmentActionSpace, Info } from '../environment.js';

export type ResetResult = ReturnType<Environment['reset']>;
export type StepResult = ReturnType<Environment['step']>;

const members = ['observationSpace', 'actionSpace', 'reset', 'step'] as const satisfies (keyof Environment)[];

/** Passes everything on to `environment`; a subclass overrides what it changes. */
export class Wrapper<A extends EnvironmentActionSpace = EnvironmentActionSpace> implements Environment<A> {
  readonly observationSpace: Box;
  readonly actionSpace: A;
  /** Absent where the inner environment has none. */
  readonly render?: () => string;

  constructor(readonly environment: Environment<A>) {
    having(`environment of ${new.target.name}`, 'an environment', members, environment);
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

/** An environment without its wrappers. */
export function unwrapped(environment: Environment): Environment {
  return environment instanceof Wrapper ? unwrapped(environment.environment) : environment;
}

/** The name of the class of an environment, or of that within its wrappers. */
export function classNameOf(environment: Environment): string {
  return unwrapped(environment).constructor.name;
}
