// VectorWrapper: a vector of environments that changes another one.

import type { Box } from '../../spaces/box.js';
import { checkVector } from '../check-spaces.js';
import type {
  Autoreset,
  Awaitable,
  EnvironmentActionSpace,
  EnvironmentState,
  Statistics,
  StepArrays,
  VectorEnvironment,
} from '../environment.js';

/** Passes everything on to `environment`; a subclass overrides what it changes. What the inner environment lacks is lacking here too. */
export class VectorWrapper implements VectorEnvironment {
  readonly environment: VectorEnvironment;
  readonly resetRows?: (rows: Uint8Array) => Awaitable<Float32Array>;
  readonly save?: () => EnvironmentState;
  readonly restore?: (state: EnvironmentState) => void;
  readonly render?: (row: number) => string;
  readonly #later = (step: StepArrays): Awaitable<StepArrays> => this.stepped(step);

  constructor(environment: VectorEnvironment) {
    checkVector(`environment of ${new.target.name}`, environment);
    this.environment = environment;
    const inner = environment;
    if (inner.resetRows) this.resetRows = (rows) => this.restarted(inner.resetRows?.(rows) as Float32Array, rows);
    if (inner.save) this.save = () => inner.save?.() as EnvironmentState;
    if (inner.restore) {
      this.restore = (state) => {
        inner.restore?.(state);
        this.restored();
      };
    }
    if (inner.render) this.render = (row) => inner.render?.(row) as string;
  }

  get name(): string {
    return this.environment.name;
  }

  get count(): number {
    return this.environment.count;
  }

  get observationSpace(): Box {
    return this.environment.observationSpace;
  }

  get actionSpace(): EnvironmentActionSpace {
    return this.environment.actionSpace;
  }

  get autoreset(): Autoreset {
    return this.environment.autoreset ?? 'same-step';
  }

  get actionMask(): Uint8Array | null {
    return this.environment.actionMask ?? null;
  }

  get action(): Float32Array | Int32Array | undefined {
    return this.environment.action;
  }

  observe(): Awaitable<Float32Array> {
    return this.environment.observe();
  }

  reset(): Awaitable<Float32Array> {
    return this.restarted(this.environment.reset(), null);
  }

  step(action: Float32Array | Int32Array): Awaitable<StepArrays> {
    const step = this.environment.step(action);
    return step instanceof Promise ? step.then(this.#later) : this.stepped(step);
  }

  saveStatistics(): Statistics {
    return this.environment.saveStatistics?.() ?? {};
  }

  restoreStatistics(statistics: Statistics): void {
    this.environment.restoreStatistics?.(statistics);
  }

  dispose(): Awaitable<void> {
    return this.environment.dispose();
  }

  /** Sees what a step brought, and gives it on. */
  protected stepped(step: StepArrays): Awaitable<StepArrays> {
    return step;
  }

  /** Sees the observations after new episodes began, in all rows (null) or in those that are 1. */
  protected restarted(observation: Awaitable<Float32Array>, _rows: Uint8Array | null): Awaitable<Float32Array> {
    return observation;
  }

  /** The inner environments were put into another state. */
  protected restored(): void {}
}
