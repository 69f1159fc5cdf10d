// A compiled model on a device: the program, its parameters, and the native object that runs it.

import { addon, call, type Device } from '../addon/load.js';
import type { NativeModel } from '../addon/native-model.js';
import type { Bijector } from '../bijectors/bijector.js';
import { firstNonFinite, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { compile } from '../graph/compile.js';
import type { Node } from '../graph/node.js';
import { type ProgramSpec, toNative } from '../graph/program.js';
import { Trace } from '../graph/trace.js';
import type { Key } from '../random/key.js';
import { type ActionLayout, actionLayout } from './action-layout.js';
import type { ModelOutputs } from './heads.js';
import { onHost, type Rows } from './inputs.js';
import { Parameters } from './parameters.js';
import { lstmOf, type Placement, productsOf } from './placement.js';
import { ObservationStatistics } from './statistics.js';

export class Network {
  readonly device: Device;
  readonly program: ProgramSpec;
  readonly parameters: Parameters;
  readonly statistics: ObservationStatistics;
  /** From latent actions to actions; null where they are the same. */
  readonly actionSpace: Bijector | null;
  readonly observationSize: number;
  /** Numbers of each input of the head: dimensions of a continuous action, or logits. */
  readonly actionSize: number;
  readonly actions: ActionLayout;
  readonly native: NativeModel;

  /** Traces `build` once, compiles what it made and fills the arena. */
  constructor(build: (observation: Node) => ModelOutputs, observationSize: number, key: Key, placement: Placement) {
    const { device, precision } = placement;
    const trace = new Trace(observationSize);
    const outputs = build(trace.observation);
    if (typeof outputs !== 'object' || outputs === null || !outputs.policy?.kind) {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `build must return {policy: gaussian(…) or another head, value: node}, got ${show(outputs)}`,
      );
    }
    const { actionSpace = null, ...head } = outputs.policy;
    const { program, parameters } = compile(trace, head, outputs.value, outputs.bootstrapValue);
    const keys = key.split(Math.max(1, parameters.length));
    const initial = parameters.map(({ shape, initializer }, i) => initializer(keys[i] as Key, shape));
    this.device = device;
    this.program = program;
    this.actionSpace = actionSpace;
    this.observationSize = observationSize;
    this.actionSize = program.widths[program.head.inputs[0] as number] as number;
    this.actions = actionLayout(program.head, this.actionSize);
    const hasLstm = program.instructions.some(({ op }) => op === 'lstm');
    const lstm = lstmOf(placement, hasLstm);
    const products = productsOf(placement);
    this.native = call(() => new (addon(device).Model)(toNative(program), precision, lstm, products));
    this.parameters = new Parameters(this.native, program.parameters);
    for (const [i, { name }] of parameters.entries()) this.parameters.set(name, initial[i] as Float32Array);
    const { statistics = [] } = program;
    this.statistics = new ObservationStatistics(this.native, statistics);
    for (const { name, width } of statistics) {
      this.statistics.set(name, { count: 0, mean: new Float64Array(width), variance: new Float64Array(width).fill(1) });
    }
  }

  /** Numbers of carry per row; 0 for a model without a memory. */
  get carryWidth(): number {
    return (this.program.states ?? []).reduce((sum, { value }) => sum + (this.program.widths[value] as number), 0);
  }

  /** What makes results that are not finite of numbers that are. */
  get #cause(): string {
    const controlled = this.program.instructions.some(
      ({ op, constants }) => op === 'neural_cde' && constants?.[3] === 0,
    );
    return controlled
      ? "the model overflows, or its differential equation needs more than 4096 steps; with stepping: {substeps} instead of 'adaptive' there is no limit"
      : 'the model overflows';
  }

  /** Actions are int32 indices. */
  get discrete(): boolean {
    return this.actions.choices !== null;
  }

  /** Numbers in the action of a row. */
  get latentWidth(): number {
    return this.actions.size;
  }

  /**
   * Throws NON_FINITE when a result holds what no finite model gives for finite observations, and says where it comes from: looking
   * at the few results instead of all parameters at every call costs nothing.
   */
  checkResults(results: Record<string, Float32Array>, observation: Rows<'float32'>): void {
    for (const [name, values] of Object.entries(results)) {
      const bad = firstNonFinite(values);
      if (bad < 0) continue;
      this.parameters.checkFinite();
      const seen = onHost(observation.memory, 'float32', observation.rows * this.observationSize);
      const at = firstNonFinite(seen.subarray(0, observation.rows * this.observationSize));
      if (at >= 0) {
        const [row, column] = [Math.floor(at / this.observationSize), at % this.observationSize];
        throw new TorsorError('NON_FINITE', `observation: row ${row}, column ${column} is ${seen[at]}`);
      }
      throw new TorsorError('NON_FINITE', `${name}: element ${bad} is ${values[bad]}: ${this.#cause}`);
    }
  }
}
