// Spaces from JSON.
import { show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { Box } from './box.js';
import { Dict } from './dict.js';
import { Discrete } from './discrete.js';
import { MultiBinary } from './multi-binary.js';
import { MultiDiscrete } from './multi-discrete.js';
import type { Space, SpaceJson } from './space.js';
import { Tuple } from './tuple.js';

/** Deeper than anybody nests spaces, and far from the end of the stack. */
const deepest = 32;

/** For each kind, the fields of its JSON and the space they make. `inner` reads a space inside it. */
const readers: Record<SpaceJson['type'], { fields: string[]; read: (json: never, inner: Inner) => Space }> = {
  Box: {
    fields: ['low', 'high', 'shape'],
    read: ({ low, high, shape }: { low: unknown; high: unknown; shape: number[] }) =>
      new Box(limits(low), limits(high), shape),
  },
  Discrete: { fields: ['n'], read: ({ n }: { n: number }) => new Discrete(n) },
  MultiDiscrete: { fields: ['nvec'], read: ({ nvec }: { nvec: number[] }) => new MultiDiscrete(nvec) },
  MultiBinary: { fields: ['shape'], read: ({ shape }: { shape: number[] }) => new MultiBinary(shape) },
  Dict: {
    fields: ['spaces'],
    read: ({ spaces }: { spaces: Record<string, unknown> }, inner) =>
      new Dict(
        isObject(spaces)
          ? Object.fromEntries(Object.entries(spaces).map(([key, json]) => [key, inner(json, `.spaces.${key}`)]))
          : spaces,
      ),
  },
  Tuple: {
    fields: ['spaces'],
    read: ({ spaces }: { spaces: unknown[] }, inner) =>
      new Tuple(Array.isArray(spaces) ? spaces.map((json, i) => inner(json, `.spaces[${i}]`)) : spaces),
  },
};

type Inner = (json: unknown, path: string) => Space;

/**
 * The space that `toJSON` wrote, also after JSON.stringify and JSON.parse.
 *
 * @throws TorsorError INVALID_ARGUMENT when this is no such JSON, UNKNOWN_NAME for an unknown type, and what the
 *   constructors of the spaces throw.
 */
export function spaceFromJSON(json: unknown): Space {
  return read(json, 'space', 0);
}

function read(json: unknown, name: string, depth: number): Space {
  if (!isObject(json) || typeof json.type !== 'string') {
    throw new TorsorError('INVALID_ARGUMENT', `${name}: expected {type, …} as toJSON writes it, got ${show(json)}`);
  }
  const { type, ...rest } = json;
  if (!Object.hasOwn(readers, type as string)) {
    throw new TorsorError(
      'UNKNOWN_NAME',
      `${name}.type: expected ${Object.keys(readers).join(', ')}, got ${show(type)}`,
    );
  }
  if (depth >= deepest) throw new TorsorError('INVALID_ARGUMENT', `${name}: more than ${deepest} spaces in each other`);
  const reader = readers[type as SpaceJson['type']];
  if (Object.keys(rest).sort().join() !== [...reader.fields].sort().join()) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `${name}: expected ${type} with ${reader.fields.join(', ')}, got ${Object.keys(rest).join(', ') || 'nothing'}`,
    );
  }
  return reader.read(rest as never, (inner, path) => read(inner, name + path, depth + 1));
}

function limits(value: unknown): number | number[] {
  return Array.isArray(value) ? value.map(limit) : limit(value);
}

function limit(value: unknown): number {
  if (value === 'Infinity' || value === '-Infinity') return Number(value);
  if (typeof value === 'number') return value;
  throw new TorsorError(
    'INVALID_ARGUMENT',
    `Box: limits: expected numbers, "Infinity" or "-Infinity", got ${show(value)}`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
