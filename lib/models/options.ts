// Options of models: what every model takes, defaults of a class, and the JSON form they have in files.
import { Bijector } from '../bijectors/bijector.js';
import { boolean, options as checkOptions, finite, positiveInteger, required, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { Key } from '../random/key.js';
import { ActionSpace } from '../spaces/action-space.js';
import { type PlacementOptions, placementOptions } from './placement.js';

/** An action space in JSON. */
export interface ActionSpaceJson {
  type: string;
  kw: Record<string, unknown>;
}

/** Options of every model. */
export interface ModelOptions extends PlacementOptions {
  /** Numbers in an observation. */
  observationSpaceSize: number;
  /** Dimensions of a continuous action, or number of discrete ones. */
  actionSpaceSize: number;
  /** Where initial parameters come from. The same key gives the same parameters. */
  key?: Key | number | bigint;
  /** What becomes of a continuous action: a bijector, the name of a registered one, or its JSON. Default: nothing, `free`. */
  actionSpace?: Bijector | string | ActionSpaceJson | null;
  /** Actions are the integers below `actionSpaceSize`. Default: false. */
  discrete?: boolean;
  /**
   * The model sees observations of about mean 0 and variance 1: `build` gets `observation.normalize({ name: 'observation' })`. The statistics belong to
   * the model (`model.statistics.get('observation')`): training learns them, files keep them, nothing else changes them. Default: false.
   */
  normalizeObservations?: boolean;
}

/** Options with every default filled in, as `build` reads them. */
export interface ResolvedOptions {
  readonly observationSpaceSize: number;
  readonly actionSpaceSize: number;
  readonly actionSpace: Bijector | null;
  readonly discrete: boolean;
  readonly normalizeObservations: boolean;
}

const base = [
  'observationSpaceSize',
  'actionSpaceSize',
  'key',
  'actionSpace',
  'discrete',
  'normalizeObservations',
  ...placementOptions,
] as const;

/** A class with defaults for options of its own; undefined stands for an option that has none. */
export interface ModelClass {
  readonly name: string;
  readonly defaults?: object;
}

/** Checks the options of a class of models and fills in its defaults and those of the classes it extends. */
export function resolveOptions(cls: ModelClass, given: unknown): ResolvedOptions & Record<string, unknown> {
  const { options, own } = readOptions(cls, given, base);
  required(cls.name, 'observationSpaceSize', options.observationSpaceSize);
  required(cls.name, 'actionSpaceSize', options.actionSpaceSize);
  const discrete = options.discrete === undefined ? false : boolean('discrete', options.discrete);
  return Object.freeze({
    ...own,
    observationSpaceSize: positiveInteger('observationSpaceSize', options.observationSpaceSize),
    actionSpaceSize: positiveInteger('actionSpaceSize', options.actionSpaceSize),
    actionSpace: discrete ? null : resolveActionSpace(options.actionSpace),
    discrete,
    normalizeObservations: normalizesObservations(options),
  });
}

export function normalizesObservations({ normalizeObservations = false }: Record<string, unknown>): boolean {
  return boolean('normalizeObservations', normalizeObservations);
}

/** The options given, whose names are all known: those of `base` and those that have a default. `own` are the latter, filled in. */
export function readOptions(
  cls: ModelClass,
  given: unknown,
  base: readonly string[],
): { options: Record<string, unknown>; own: Record<string, unknown> } {
  const defaults = defaultsOf(cls);
  const options = checkOptions(cls.name, given, [...base, ...Object.keys(defaults)]);
  const own: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(defaults)) {
    if (options[name] !== undefined) own[name] = checkLike(name, options[name], value);
  }
  return { options, own };
}

function defaultsOf(cls: ModelClass): Record<string, unknown> {
  const above = Object.getPrototypeOf(cls) as ModelClass | null;
  const inherited = typeof above === 'function' ? defaultsOf(above) : {};
  return Object.hasOwn(cls, 'defaults') ? { ...inherited, ...cls.defaults } : inherited;
}

/** A value of the kind of its default; numbers are finite. */
function checkLike(name: string, value: unknown, like: unknown): unknown {
  if (like === undefined || like === null) return value;
  if (typeof like === 'number') return finite(name, value);
  const kind = (x: unknown): string =>
    Array.isArray(x) ? 'an array' : typeof x === 'object' ? 'an object' : `a ${typeof x}`;
  if (kind(value) === kind(like)) return value;
  throw new TorsorError(
    'INVALID_ARGUMENT',
    `${name}: expected ${kind(like)}, as its default ${show(like)}, got ${show(value)}`,
  );
}

/** An action space in any form a user may give it. */
export function resolveActionSpace(value: unknown): Bijector | null {
  if (value === undefined || value === null) return null;
  if (value instanceof Bijector) return value;
  if (typeof value === 'string') return ActionSpace.create(value, {});
  if (typeof value === 'object' && 'type' in value && typeof value.type === 'string') {
    checkOptions('actionSpace', value, ['type', 'kw']);
    return ActionSpace.create(value.type, ('kw' in value ? value.kw : {}) as Record<string, unknown>);
  }
  throw new TorsorError(
    'INVALID_ARGUMENT',
    `actionSpace: expected a bijector, the name of a registered one, or {type, kw}, got ${show(value)}`,
  );
}

/** Options as JSON, without key, device and precision: what a file keeps of them. Versions that did not normalise read files of models that do not. */
export function metadataOf({
  normalizeObservations,
  ...options
}: ResolvedOptions & Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = { ...options, ...(normalizeObservations && { normalizeObservations }) };
  return Object.fromEntries(
    Object.entries(kept).map(([name, value]) => [
      name,
      value instanceof Bijector ? actionSpaceJson(value) : checkJson(name, value),
    ]),
  );
}

export function actionSpaceJson(space: Bijector): ActionSpaceJson {
  return space.metadata as unknown as ActionSpaceJson;
}

function checkJson(name: string, value: unknown): unknown {
  if (value === undefined || value === null || typeof value === 'boolean' || typeof value === 'string')
    return value ?? null;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item, i) => checkJson(`${name}[${i}]`, item));
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, checkJson(`${name}.${key}`, item)]));
  }
  throw new TorsorError('INVALID_ARGUMENT', `${name}: ${show(value)} cannot be kept in metadata, which is JSON`);
}
