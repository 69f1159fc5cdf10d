// NCDEActorCriticPolicy: features from a neural controlled differential equation, driven by the last observations.
import { positive, positiveInteger } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { ActivationName } from '../graph/activations.js';
import type { Node } from '../graph/node.js';
import type { SolverName } from '../graph/solvers.js';
import { actionLayer } from './action-layer.js';
import type { Carry, CarryInput } from './carry.js';
import type { ModelOutputs } from './heads.js';
import { mlp } from './mlp.js';
import { Model } from './model.js';
import {
  carryOfState,
  emptyState,
  type NCDEState,
  type NCDEStateInput,
  stateOfCarry,
  type WindowSizes,
} from './ncde-state.js';
import type { ResolvedOptions } from './options.js';
import { checkSizes, type SpacePolicyOptions } from './space-options.js';
import { SpacePolicy } from './space-policy.js';

/** Of `NCDEActorCriticPolicy`, besides its spaces. */
export interface NCDEActorCriticPolicyOptions extends SpacePolicyOptions {
  /** Width of the features, which are tanh of the latent: as `latentSize`. Default: 4. */
  featureSize: number;
  /** Width of the latent. Default: 4. */
  latentSize: number;
  /** Width of the hidden layers of the network that gives the latent at the oldest observation. Default: 16. */
  initialWidth: number;
  /** Number of its hidden layers. Default: 1. */
  initialDepth: number;
  /** Width of the hidden layers of the vector field. Default: 8. */
  fieldWidth: number;
  /** Number of the hidden layers of the vector field. Default: 1. */
  fieldDepth: number;
  /** Width of the hidden layers of the value head. Default: 16. */
  valueWidth: number;
  /** Number of the hidden layers of the value head. Default: 1. */
  valueDepth: number;
  /** Width of the hidden layers of the action head. Default: 16. */
  actionWidth: number;
  /** Linears of the MLP in the action head, at least one; it gives features again. Default: 1. */
  actionDepth: number;
  /** Observations in the window, at least 2. Default: 4. */
  historyLength: number;
  /** Time between two observations. Default: 1. */
  dt: number;
  /** Runge-Kutta method: euler, heun, midpoint, ralston, bosh3, dopri5, … Default: `tsit5` (Tsitouras 2011). */
  solver: SolverName;
  /**
   * `adaptive`: steps by the error of the method, in float64 and blind to the knots of the control, as lerax takes them. `{substeps}`: so many
   * equal steps from each observation to the next, which is cheaper; how accurate depends on their number, the field and the observations. Default: `adaptive`.
   */
  stepping: 'adaptive' | { substeps: number };
  /** Where the logarithm of the standard deviation starts, one learned number per dimension of a Box. Default: 0. */
  logStdInit: number;
  /** Of hidden layers, except those of the field, which is softplus. Default: `relu`. */
  activation: ActivationName;
  /** `value`, and with it training where a rollout stops, reads tanh(z) as everything else does. Default: false, as in lerax. */
  squashValue: boolean;
}

/**
 * The latent z starts as initial(x₀) at the oldest observation x₀ of a window of the last `historyLength`, and follows dz/dt = G(z) X'(t) to the
 * newest: G(z) = tanh(field(z)) as a matrix [latent, observation], X a cubic through the observations that never looks ahead. Features
 * tanh(z) go into the value head and the action head. The window is all that is remembered; z is solved again at every step.
 *
 * Except `value()`, which feeds z without the tanh to the value head, unless `squashValue`; lerax does so, and its PPO takes these
 * values where a rollout stops and where an episode is truncated, as ours does.
 *
 * Parameters, kernels [in, out]: `encoder.initial.layers.i.{kernel,bias}`, `encoder.term.layers.i.…` of the field, heads as in
 * MLPActorCriticPolicy. After lerax's policy of the same name (Kidger et al. 2020; Morrill et al. 2021); see `compat` for where results differ.
 */
@Model.register('NCDEActorCriticPolicy')
export class NCDEActorCriticPolicy extends SpacePolicy<NCDEActorCriticPolicyOptions, NCDEState> {
  static override readonly defaults: NCDEActorCriticPolicyOptions = {
    ...{ featureSize: 4, latentSize: 4, initialWidth: 16, initialDepth: 1, fieldWidth: 8, fieldDepth: 1 },
    ...{ valueWidth: 16, valueDepth: 1, actionWidth: 16, actionDepth: 1 },
    ...{ historyLength: 4, dt: 1, solver: 'tsit5', stepping: 'adaptive' },
    ...{ logStdInit: 0, activation: 'relu', squashValue: false, compat: null, oneHot: false },
  };

  readonly kind = 'ncde';

  protected override resolveOptions(given: unknown): ResolvedOptions & Record<string, unknown> {
    const { stepping, ...rest } = (given ?? {}) as Record<string, unknown>;
    const options = super.resolveOptions(rest) as ResolvedOptions &
      NCDEActorCriticPolicyOptions &
      Record<string, unknown>;
    const { featureSize, latentSize } = options;
    checkSizes(options, {
      sizes: ['featureSize', 'latentSize', 'initialWidth', 'fieldWidth', 'valueWidth', 'actionWidth'],
      depths: ['initialDepth', 'fieldDepth', 'valueDepth', 'actionDepth'],
    });
    if (featureSize !== latentSize) {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `featureSize: expected latentSize = ${latentSize}, as the features are the latent, got ${featureSize}`,
      );
    }
    if (positiveInteger('historyLength', options.historyLength) < 2) {
      throw new TorsorError('INVALID_ARGUMENT', 'historyLength: expected at least 2, got 1');
    }
    positive('dt', options.dt);
    return Object.freeze({ ...options, ...(stepping !== undefined && { stepping }) });
  }

  build(observation: Node): ModelOutputs {
    const { trace, width } = observation;
    const { latentSize, initialWidth, initialDepth, fieldWidth, fieldDepth, valueWidth, valueDepth } = this.options;
    const { historyLength, dt, solver, stepping, squashValue, activation, compat } = this.options;
    const initial = mlp(trace, {
      ...{ name: 'encoder.initial', input: width, output: latentSize, activation },
      ...{ width: initialWidth, depth: initialDepth },
    });
    const valueHead = mlp(trace, {
      ...{ name: 'value_head', input: latentSize, output: 1, activation },
      ...{ width: valueWidth, depth: valueDepth },
    });
    const window = observation.window(historyLength, { dt });
    const z = initial(window.oldest).neuralCde(window, {
      ...{ width: fieldWidth, depth: fieldDepth, solver, stepping, name: 'encoder.term' },
    });
    const features = z.tanh();
    return {
      policy: actionLayer(features, this.actionSpace, { ...this.options, meanEntropy: compat === 'lerax' }),
      value: valueHead(features),
      ...(!squashValue && { bootstrapValue: valueHead(z) }),
    };
  }

  protected carryOf(state: NCDEState | NCDEStateInput, batch: readonly number[]): CarryInput {
    return carryOfState(state, batch, this.#sizes);
  }

  protected stateOf(carry: Carry | undefined, batch: readonly number[]): NCDEState {
    return stateOfCarry(carry as Carry, batch, this.#sizes);
  }

  protected initialState(batch: readonly number[]): NCDEState {
    return emptyState(batch, this.#sizes);
  }

  get #sizes(): WindowSizes {
    const { historyLength, observationSpaceSize, dt } = this.options;
    return { length: historyLength, width: observationSpaceSize, dt, device: this.device };
  }
}
