// metadata: what models say of themselves, in the words of the reference.
import type { Device } from '../../lib/addon/load.js';
import { Model } from '../../lib/models/model.js';
import { optionNames } from './action-space-bijectors.js';
import { type Comparison, same, unsupported } from './compare.js';
import { isObject } from './format.js';
import { camelCase, createModel, isSupported, isUnused, notOptions } from './reference-model.js';

interface Space {
  type: string;
  kw: Record<string, unknown>;
}

interface Entry {
  type_name: string;
  metadata: Record<string, unknown> & { action_space: Space | null };
  parameters: Record<string, number[]>;
  non_parameter_state: Record<string, number[]>;
  has_attr_action_space: string;
}

/** Properties of a bijector that the reference repeats in its options. */
const traits: Record<string, 'eventNdimsIn' | 'eventNdimsOut' | 'isConstantJacobian' | 'isConstantLogDet'> = {
  event_ndims_in: 'eventNdimsIn',
  event_ndims_out: 'eventNdimsOut',
  is_constant_jacobian: 'isConstantJacobian',
  is_constant_log_det: 'isConstantLogDet',
};

export function checkMetadata(json: unknown, device: Device = 'cpu'): Comparison[] {
  const entries = json as Record<string, Entry>;
  return Object.keys(entries).flatMap((name) => {
    const entry = entries[name] as Entry;
    if (!isSupported(entry.type_name)) return [{ ...unsupported(name, entry.type_name, name), case: name }];
    return checkEntry(entry, device).map((comparison) => ({ ...comparison, case: name }));
  });
}

function checkEntry(entry: Entry, device: Device): Comparison[] {
  const { type_name, metadata } = entry;
  const { action_space, ...theirs } = metadata;
  const config = Object.fromEntries(Object.entries(theirs).map(([key, value]) => [key, plain(value)]));
  const model = createModel({ model: type_name, config, action_space: withoutTraits(action_space) }, device);
  const ours = model.metadata;
  const again = Model.create(model.typeName, { ...(ours as unknown as typeof model.options), key: 2, device });
  const comparisons = [
    same('type_name', model.typeName, type_name),
    ...Object.keys(config)
      .filter((key) => !notOptions.includes(key))
      .map((key) => same(`metadata ${key}`, ours[camelCase(key)], config[key])),
    ...carryOf(model, entry, config),
    ...spaceOf(model, ours, action_space),
    same('metadata round trip', again.metadata, ours),
    ...parametersOf(model, entry, config),
    // The class of the action space of the reference is called after its type.
    same(
      'has_attr_action_space',
      `${(ours.actionSpace as Space | null)?.type ?? 'none'}`,
      spaceName(entry.has_attr_action_space),
    ),
    // Bounds of a Box are state of the reference, and metadata of ours; the other state is the carry.
    same('non_parameter_state', stateOf(entry).sort(), Object.keys(model.carry ?? {}).sort()),
  ];
  for (const m of [model, again]) m.dispose();
  return comparisons;
}

/** A function of the reference is a path, `jax.numpy.tanh`; of ours a name. */
function plain(value: unknown): unknown {
  return isObject(value) && typeof value.path === 'string' && value._callable === true
    ? value.path.split('.').at(-1)
    : value;
}

function withoutTraits(space: Space | null): Space | null {
  if (space === null) return null;
  return { type: space.type, kw: Object.fromEntries(Object.entries(space.kw).filter(([key]) => !(key in traits))) };
}

function spaceOf(model: Model, ours: Record<string, unknown>, theirs: Space | null): Comparison[] {
  if (theirs === null) return [same('metadata action_space', ours.actionSpace, null)];
  const { type, kw } = ours.actionSpace as Space;
  return [
    same('metadata action_space type', type, theirs.type),
    ...Object.keys(theirs.kw).map((key) => {
      const trait = traits[key];
      const actual = trait ? model.options.actionSpace?.[trait] : kw[optionNames[key] as string];
      return same(`metadata action_space ${key}`, actual, theirs.kw[key]);
    }),
  ];
}

function parametersOf(
  model: Model,
  { type_name: type, parameters }: Entry,
  config: Record<string, unknown>,
): Comparison[] {
  const { names } = model.parameters;
  const shared = Object.keys(parameters).filter((name) => names.includes(name));
  const theirsOnly = Object.keys(parameters).filter((name) => !names.includes(name) && parameters[name] !== undefined);
  return [
    ...shared.map((name) => same(`parameters ${name}`, model.parameters.shape(name), parameters[name])),
    same(
      'parameters only ours',
      names.filter((name) => !(name in parameters)),
      [],
    ),
    same(
      'parameters only theirs',
      theirsOnly.filter((name) => !isUnused(name, { model: type, config })),
      [],
    ),
  ];
}

function spaceName(className: string): string {
  return className === 'NoneType' ? 'none' : className.replace(/Space$/, '').toLowerCase();
}

/** The carry of the reference has the leading dimensions it was made with; ours takes them from the observations, or a reset. */
function carryOf(model: Model, { non_parameter_state }: Entry, config: Record<string, unknown>): Comparison[] {
  const leading = config.carry_leading_shape as number[] | undefined;
  if (leading === undefined) return [];
  model.reset([...leading, model.options.observationSpaceSize]);
  return [
    ...Object.entries(model.carry ?? {}).map(([part, { shape }]) =>
      same(`non_parameter_state ${part}`, shape, non_parameter_state[part]),
    ),
    same('metadata cell_type', config.cell_type ?? 'none', cellOf(model)),
  ];
}

function cellOf(model: Model): string {
  return model.parameters.names.includes('cell.dense_i.kernel') ? 'OptimizedLSTMCell' : 'none';
}

function stateOf({ non_parameter_state }: Entry): string[] {
  return Object.entries(non_parameter_state).flatMap(([name]) => (name.startsWith('bij.') ? [] : [name]));
}
