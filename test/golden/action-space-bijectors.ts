// action_space_bijectors.json: Free, Box, Block(Box) and MaxNorm.
import type { NativeBijector } from '../../lib/addon/native-model.js';
import type { Bijector } from '../../lib/bijectors/bijector.js';
import { Block } from '../../lib/bijectors/block.js';
import { ActionSpace } from '../../lib/spaces/action-space.js';
import { compareTable, type Table } from './bijector-table.js';
import { type Comparison, comparePair, same, unsupported } from './compare.js';
import type { Pair } from './format.js';

/** Options of the reference in the words of ours. */
export const optionNames: Record<string, string> = {
  x_min: 'low',
  x_max: 'high',
  width: 'width',
  eps: 'eps',
  max_norm: 'maxNorm',
};

interface Case {
  config: Record<string, unknown>;
  d?: number;
  event_ndims_in?: number;
  event_ndims_out?: number;
  is_constant_jacobian?: boolean;
  is_constant_log_det?: boolean;
  center?: Pair;
  half?: Pair;
  table: Table;
}

/** An action space of the reference: its type, and its options as the reference calls them. */
export function actionSpace(type: string, config: Record<string, unknown>): Bijector {
  const options = Object.entries(config).map(([key, value]) => {
    const name = optionNames[key];
    if (name === undefined) throw new Error(`the option ${key} of ${type}`);
    return [name, value];
  });
  return ActionSpace.create(type, Object.fromEntries(options));
}

/** `Box(-1,1)`, `Block(Box(vector bounds),1)`, `MaxNorm(1.5) d=2`: the options are in `config`. */
function bijectorOf(name: string, config: Record<string, unknown>): Bijector {
  const block = /^Block\((\w+)\(.*,(\d+)\)$/.exec(name);
  if (block) return new Block({ bijector: actionSpace(block[1] as string, config), ndims: Number(block[2]) });
  return actionSpace(name.split(/[( ]/)[0] as string, config);
}

export function checkActionSpaceBijectors(json: unknown): Comparison[] {
  const cases = json as Record<string, Case>;
  return Object.keys(cases).flatMap((name) => {
    const entry = cases[name] as Case;
    let bijector: Bijector;
    try {
      bijector = bijectorOf(name, entry.config);
    } catch (error) {
      return [unsupported(name, (error as Error).message, name)];
    }
    return [
      ...traits(name, bijector, entry),
      ...constants(name, bijector, entry),
      ...compareTable(name, bijector, entry.table),
    ];
  });
}

const traitNames = [
  ['event_ndims_in', 'eventNdimsIn'],
  ['event_ndims_out', 'eventNdimsOut'],
  ['is_constant_jacobian', 'isConstantJacobian'],
  ['is_constant_log_det', 'isConstantLogDet'],
] as const;

export function traits(
  name: string,
  bijector: Bijector,
  entry: Partial<Record<(typeof traitNames)[number][0], unknown>>,
): Comparison[] {
  return traitNames
    .filter(([theirs]) => theirs in entry)
    .map(([theirs, ours]) => same(`${name}/${theirs}`, bijector[ours], entry[theirs]));
}

/** Centre and half-width of a Box, as the native core gets them; the size of a MaxNorm's events. */
function constants(name: string, bijector: Bijector, { center, half, d, table }: Case): Comparison[] {
  const events =
    d === undefined
      ? []
      : [same(`${name}/d`, (table.x as Exclude<Pair, number> as { f64: { shape: number[] } }).f64.shape.at(-1), d)];
  if (!center || !half) return events;
  const dims = typeof center.f64 === 'number' ? 1 : (center.f64.shape[0] ?? 1);
  const [step] = bijector.native(dims) as [NativeBijector];
  const [centre, width] = step.parameters as [Float64Array, Float64Array];
  const all = (values: Float64Array): Float64Array =>
    Float64Array.from({ length: dims }, (_, i) => values[i % values.length] as number);
  return [
    ...events,
    comparePair(`${name}/center`, all(centre), center, 1e-15),
    comparePair(`${name}/half`, all(width), half, 1e-15),
  ];
}
