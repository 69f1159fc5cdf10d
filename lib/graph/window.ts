// The layers of a node that look back in time: `window` remembers its last values, `neuralCde` is a differential equation driven by them.
import {
  atMost,
  options as checkOptions,
  nonNegativeInteger,
  oneOf,
  positive,
  positiveInteger,
  show,
  string,
} from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { type Initializer, uniformFanIn } from '../random/initializers.js';
import type { Node } from './node.js';
import { deepestField, windowWidth } from './ops.js';
import { type SolverName, solvers } from './solvers.js';

/** Of `node.window`. */
export interface WindowOptions {
  /** Time from one step to the next. Default: 1. */
  dt?: number;
  /** Prefix of the arrays `name.t`, `name.count`, `name.age` and `name.x` in the model's carry. Default: none, so `t`, `count`, `age` and `x`. */
  name?: string;
}

/** The last values of a node, the newest of this step. */
export interface Window {
  /**
   * The state after the step: time of the newest value, number of values there are, then of every place, oldest first, its age, then of every place
   * its value. Places without a value hold zeros.
   */
  readonly state: Node;
  readonly length: number;
  /** The oldest value there is: that of this step at the start of an episode. */
  readonly oldest: Node;
}

export function window(x: Node, length: number, options: WindowOptions): Window {
  checkOptions('window', options, ['dt', 'name']);
  const places = positiveInteger('length of window', length);
  const dt = positive('dt', options.dt ?? 1);
  const prefix = options.name === undefined ? '' : `${string('name', options.name)}.`;
  const before = x.trace.state([
    { name: `${prefix}t`, shape: [] },
    { name: `${prefix}count`, shape: [] },
    { name: `${prefix}age`, shape: [places] },
    { name: `${prefix}x`, shape: [places, x.width] },
  ]);
  const state = x.trace.apply('window', [x, before], windowWidth(places, x.width), { constants: [places, dt] });
  before.becomes(state);
  return { state, length: places, oldest: state.slice(2 + places, 2 + places + x.width) };
}

/** Of `node.neuralCde`. */
export interface NeuralCdeOptions {
  /** Width of the hidden layers of the field. */
  width: number;
  /** Number of the hidden layers of the field. Default: 1. */
  depth?: number;
  /** Default: `tsit5` (Tsitouras 2011). */
  solver?: SolverName;
  /**
   * `adaptive`: as diffrax with its defaults, in double precision: relative tolerance 1e-3, absolute 1e-6, a first step of 0.01, at most 4096 steps;
   * `euler`, which estimates no error, takes steps of the mean time between observations. {substeps}: so many steps from each observation to the next,
   * in single precision: always the same work, and steps that do not cross the kinks of X'. Default: `adaptive`.
   */
  stepping?: 'adaptive' | { substeps: number };
  /** Prefix of the parameters `name.layers.i.kernel` and `name.layers.i.bias`. Default: `neural_cde_0`, `neural_cde_1`, … */
  name?: string;
  /** Start of the [in, out] kernels. Default: uniform in ±1/√in. */
  kernelInitializer?: Initializer;
  /** Start of the [out] biases. Default: uniform in ±1/√in. */
  biasInitializer?: Initializer;
}

const names = ['width', 'depth', 'solver', 'stepping', 'name', 'kernelInitializer', 'biasInitializer'];

export function neuralCde(z: Node, window: Window, options: NeuralCdeOptions): Node {
  checkOptions('neuralCde', options, names);
  const { trace } = z;
  if (typeof window !== 'object' || window === null || window.state?.op !== 'window') {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `window of neuralCde: expected what node.window(…) gives, got ${show(window)}`,
    );
  }
  const hidden = positiveInteger('width of neuralCde', options.width);
  const depth = atMost(
    'depth of neuralCde',
    deepestField,
    nonNegativeInteger('depth of neuralCde', options.depth ?? 1),
  );
  const solver = oneOf('solver', options.solver ?? 'tsit5', solvers);
  const substeps = substepsOf(options.stepping ?? 'adaptive');
  const name = trace.layerName('neural_cde', options.name);
  const parameters = [];
  for (let layer = 0; layer <= depth; layer++) {
    const [rows, columns] = [layer === 0 ? z.width : hidden, layer === depth ? z.width * window.oldest.width : hidden];
    const { kernelInitializer = uniformFanIn(), biasInitializer = uniformFanIn(rows) } = options;
    // One behind the other: to the native core they are one array.
    parameters.push(trace.declare(`${name}.layers.${layer}.kernel`, [rows, columns], kernelInitializer, layer > 0));
    parameters.push(trace.declare(`${name}.layers.${layer}.bias`, [columns], biasInitializer, true));
  }
  return trace.apply('neural_cde', [z, window.state], z.width, {
    parameters,
    constants: [window.length, hidden, depth, substeps],
    variant: solver,
  });
}

/** As the native core has it: 0 is step control. */
function substepsOf(stepping: unknown): number {
  if (stepping === 'adaptive') return 0;
  if (typeof stepping !== 'object' || stepping === null) {
    throw new TorsorError('INVALID_ARGUMENT', `stepping: expected 'adaptive' or {substeps}, got ${show(stepping)}`);
  }
  const { substeps } = checkOptions('stepping', stepping, ['substeps']) as { substeps?: number };
  return positiveInteger('substeps of stepping', substeps);
}
