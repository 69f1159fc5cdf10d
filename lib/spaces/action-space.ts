// ActionSpace: bijectors by name, for what becomes of the actions of a policy.
import { Bijector } from '../bijectors/bijector.js';
import { Block, DiagLinear } from '../bijectors/block.js';
import { Box } from '../bijectors/box.js';
import { Chain } from '../bijectors/chain.js';
import { Exp } from '../bijectors/exp.js';
import { Groups } from '../bijectors/groups.js';
import { GumbelCDF } from '../bijectors/gumbel-cdf.js';
import { Free, Identity } from '../bijectors/identity.js';
import { Inverse } from '../bijectors/inverse.js';
import {
  DiagPlusLowRankLinear,
  LowerUpperTriangularAffine,
  TriangularLinear,
  UnconstrainedAffine,
} from '../bijectors/matrix-affine.js';
import { MaxNorm } from '../bijectors/max-norm.js';
import { RationalQuadraticSpline } from '../bijectors/rational-quadratic-spline.js';
import { type BijectorJson, registry } from '../bijectors/registry.js';
import { ScalarAffine, Shift } from '../bijectors/scalar-affine.js';
import { Sigmoid } from '../bijectors/sigmoid.js';
import { Softplus } from '../bijectors/softplus.js';
import { Tanh } from '../bijectors/tanh.js';
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { type AnyClass, normalize } from '../core/registry.js';

const builtIn = {
  free: Free,
  identity: Identity,
  box: Box,
  maxnorm: MaxNorm,
  tanh: Tanh,
  sigmoid: Sigmoid,
  softplus: Softplus,
  exp: Exp,
  scalaraffine: ScalarAffine,
  shift: Shift,
  diaglinear: DiagLinear,
  gumbelcdf: GumbelCDF,
  chain: Chain,
  block: Block,
  groups: Groups,
  inverse: Inverse,
  triangularlinear: TriangularLinear,
  loweruppertriangularaffine: LowerUpperTriangularAffine,
  unconstrainedaffine: UnconstrainedAffine,
  diagpluslowranklinear: DiagPlusLowRankLinear,
  rationalquadraticspline: RationalQuadraticSpline,
} satisfies Record<string, AnyClass<Bijector>>;

for (const [name, cls] of Object.entries(builtIn)) registry.register(name)(cls as AnyClass<Bijector>);

type BuiltIn = typeof builtIn;

/** Options of a built-in action space by its name; of any other name, any options. */
export type ActionSpaceOptions<N extends string> = N extends keyof BuiltIn
  ? ConstructorParameters<BuiltIn[N]>[0]
  : Record<string, unknown>;

/** The registry of bijectors. Names compare without case, spaces, underscores and hyphens. */
export class ActionSpace {
  private constructor() {}

  /** All registered names, normalised. */
  static get names(): string[] {
    return registry.names;
  }

  /**
   * Decorates a class of bijectors whose constructor takes one object of options, or none.
   *
   *     ActionSpace.register('half')(class Half extends Chain { … });
   */
  static register(name?: string): <C extends AnyClass<Bijector>>(cls: C, context?: unknown) => C {
    return registry.register(name);
  }

  /**
   * A bijector from its name and options, or from JSON `{type, kw}` as `metadata` gives it; a bijector is returned as
   * it is. Options that are such JSON become bijectors.
   *
   *     ActionSpace.create('box', { low: -2, high: 2 })
   */
  static create<N extends string>(name: N, options?: ActionSpaceOptions<N>): Bijector;
  static create(space: BijectorJson | Bijector): Bijector;
  static create(space: string | BijectorJson | Bijector, options: unknown = {}): Bijector {
    if (space instanceof Bijector) return space;
    if (isJson(space)) return ActionSpace.create(space.type, space.kw);
    if (typeof space !== 'string') {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `action space: expected a name, {type, kw} or a bijector, got ${show(space)}`,
      );
    }
    const cls = registry.get(space) as new (options: unknown) => Bijector;
    if (typeof options !== 'object' || options === null || Array.isArray(options)) {
      throw new TorsorError(
        'INVALID_ARGUMENT',
        `options of action space ${normalize(space)}: expected an object, got ${show(options)}`,
      );
    }
    return new cls(Object.fromEntries(Object.entries(options).map(([key, value]) => [key, decode(value)])));
  }
}

function decode(value: unknown): unknown {
  if (isJson(value)) return ActionSpace.create(value);
  return Array.isArray(value) && value.some(isJson) ? value.map(decode) : value;
}

function isJson(value: unknown): value is BijectorJson {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).sort().join() === 'kw,type' &&
    typeof (value as BijectorJson).type === 'string' &&
    typeof (value as BijectorJson).kw === 'object'
  );
}
