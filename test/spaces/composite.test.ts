// Dict and Tuple: membership, masks, order of the flat form, the reference's observations, JSON that lies.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  Box,
  Dict,
  Discrete,
  Key,
  MultiBinary,
  MultiDiscrete,
  type Space,
  spaceFromJSON,
  Tuple,
} from '../../lib/index.js';
import { expectError } from '../support/errors.js';

// The keys are not in the order of the alphabet, which is the point.
const space = new Dict({
  speed: new Box(-1, Infinity, [2]),
  gear: new Discrete(5),
  body: new Tuple([new MultiBinary(2), new MultiDiscrete([3, 4])]),
});
const element = {
  speed: Float32Array.of(0.5, 7),
  gear: 3,
  body: [Uint8Array.of(1, 0), Int32Array.of(2, 1)] as [Uint8Array, Int32Array],
};

describe('Dict', () => {
  it('knows its elements', () => {
    expect(space.contains(element)).toBe(true);
    expect(space.contains({ ...element, gear: 5 })).toBe(false);
    expect(space.contains({ ...element, horn: 1 })).toBe(false);
    expect(space.contains({ speed: element.speed, gear: 3 })).toBe(false);
    expect(space.contains(Object.assign(Object.create(element), {}))).toBe(false);
    for (const wrong of [null, undefined, 3, [element], new Map()]) expect(space.contains(wrong)).toBe(false);
    expect(String(space)).toBe(
      'Dict(speed: Box([2]), gear: Discrete(5), body: Tuple(MultiBinary([2]), MultiDiscrete([3, 4])))',
    );
    expect([space.size, space.shape]).toEqual([7, [7]]);
  });

  it('flattens in its own order, whatever the order of the value', () => {
    const flat = [0.5, 7, 3, 1, 0, 2, 1];
    expect([...space.flatten(element)]).toEqual(flat);
    const { body, gear, speed } = element;
    expect([...space.flatten({ body, gear, speed })]).toEqual(flat);
    expect(space.unflatten(Float32Array.from(flat))).toEqual(element);
    expect([...space.flatten(element, { oneHot: true })]).toEqual([0.5, 7, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0]);
    expect(space.flatSizeOf({ oneHot: true })).toBe(16);
  });

  it('says which part is wrong', () => {
    const flatten = (value: object) => () => space.flatten({ ...element, ...value } as never);
    expectError(flatten({ gear: 5 }), 'OUT_OF_RANGE', /^value\.gear: .* from 0 to 4, got 5/);
    expectError(
      flatten({
        body: [
          [1, 0],
          [2, 4],
        ],
      }),
      'OUT_OF_RANGE',
      /^value\.body\[1\]: element 1/,
    );
    expectError(flatten({ body: [[1, 0]] }), 'INVALID_ARGUMENT', /^value\.body: expected an array of 2 items/);
    expectError(flatten({ speed: [1, 2, 3] }), 'INVALID_SHAPE', /^value\.speed: expected shape \[2\], got \[3\]/);
    expectError(flatten({ horn: 1 }), 'INVALID_ARGUMENT', /^value: .* got "horn" too/);
    expectError(() => space.flatten({ gear: 1 } as never), 'INVALID_ARGUMENT', /^value: .*"speed" is missing/);
    expectError(() => space.unflatten(Float32Array.of(0, 0, 9, 0, 0, 0, 0)), 'OUT_OF_RANGE', 'flat: element 2');
    const inner = new Dict({ 'left arm': new Discrete(2) });
    expectError(() => inner.flatten({ 'left arm': 2 }), 'OUT_OF_RANGE', 'value["left arm"]');
  });

  it('takes masks by key; a part left out is free', () => {
    const drawn = Array.from({ length: 50 }, (_, i) =>
      space.sample(new Key(i), { gear: [0, 0, 1, 0, 0], body: [[1, 2], null] }),
    );
    expect(drawn.every((x) => x.gear === 2 && x.body[0][0] === 1)).toBe(true);
    expect(new Set(drawn.map((x) => x.body[0][1]))).toEqual(new Set([0, 1]));
    expect(new Set(drawn.map((x) => x.body[1][1]))).toEqual(new Set([0, 1, 2, 3]));
    expectError(() => space.sample(new Key(0), { gaer: [1] }), 'INVALID_MASK', 'gaer', 'gear');
    expectError(() => space.sample(new Key(0), { gear: [0, 0, 0, 0, 0] }), 'INVALID_MASK', 'Discrete(5)', 'none');
    expectError(() => space.sample(new Key(0), [1]), 'INVALID_MASK', 'speed, gear, body');
    expectError(() => space.sample(new Key(0), { body: [null] }), 'INVALID_MASK', '2 items');
  });

  it('draws its parts independently', () => {
    const pair = new Dict({ a: new Discrete(2), b: new Discrete(2) });
    const drawn = Array.from({ length: 2000 }, (_, i) => pair.sample(new Key(1, 0, i)));
    // Standard deviation of a count: sqrt(2000 / 4) = 22.
    expect(Math.abs(drawn.filter(({ a, b }) => a === b).length - 1000)).toBeLessThan(100);
  });

  it('differs from one in another order', () => {
    const [a, b] = [new Discrete(2), new Discrete(3)];
    expect(new Dict({ a, b }).equals(new Dict({ a, b }))).toBe(true);
    expect(new Dict({ a, b }).equals(new Dict({ b, a }))).toBe(false);
    expect(new Tuple([a, b]).equals(new Tuple([b, a]))).toBe(false);
    expect(new Tuple([a]).equals(a)).toBe(false);
  });

  it('is not changed by what it was made from', () => {
    const spaces: Record<string, Space> = { a: new Discrete(2) };
    const dict = new Dict(spaces);
    spaces.b = new Discrete(3);
    expect([String(dict), dict.flatSize]).toEqual(['Dict(a: Discrete(2))', 1]);
  });

  it('refuses what are no spaces', () => {
    expectError(() => new Dict({}), 'INVALID_ARGUMENT', 'Dict', 'at least one');
    expectError(() => new Dict({ a: 3 } as never), 'INVALID_ARGUMENT', 'Dict: spaces.a', '3');
    expectError(() => new Dict([new Discrete(2)] as never), 'INVALID_ARGUMENT', 'spaces of Dict');
    expectError(() => new Dict({ b: new Discrete(2), 0: new Discrete(2) }), 'INVALID_ARGUMENT', 'integers', '"0"');
    expectError(() => new Tuple([]), 'INVALID_ARGUMENT', 'Tuple', 'at least one');
    expectError(() => new Tuple([null] as never), 'INVALID_ARGUMENT', 'Tuple: spaces[0]', 'null');
    expectError(() => new Tuple({} as never), 'INVALID_ARGUMENT', 'spaces of Tuple');
  });
});

it('flattens observations as the reference does', () => {
  const file = new URL('../golden/lerax/mlp_dict_obs_small.json', import.meta.url);
  const { config, cases } = JSON.parse(readFileSync(file, 'utf8'));
  const reference = build(config.observation_space);
  for (const { observation, observation_flat } of cases) {
    expect(reference.flatten(observation)).toEqual(Float32Array.from(observation_flat));
  }
  expect(cases.length).toBeGreaterThan(0);
});

/** A space as the vectors describe it: those of a Dict are pairs. */
function build(json: { type: string; [key: string]: unknown }): Space {
  if (json.type === 'Dict')
    return new Dict(Object.fromEntries((json.spaces as [string, never][]).map(([key, s]) => [key, build(s)])));
  if (json.type === 'Tuple') return new Tuple((json.spaces as never[]).map(build));
  if (json.type === 'MultiBinary') return new MultiBinary(json.n as number[]);
  if (json.type !== 'Box') return spaceFromJSON(json);
  return new Box((json.low as number[]).flat(), (json.high as number[]).flat(), json.shape as number[]);
}

describe('JSON', () => {
  it('keeps infinities and is short where limits are alike', () => {
    expect(new Box(0, 255, [84, 84]).toJSON()).toEqual({ type: 'Box', low: 0, high: 255, shape: [84, 84] });
    const text = JSON.stringify(new Box([-Infinity, 0], Infinity));
    expect(text).toBe('{"type":"Box","low":["-Infinity",0],"high":"Infinity","shape":[2]}');
    expect([...(spaceFromJSON(JSON.parse(text)) as Box).low]).toEqual([-Infinity, 0]);
  });

  it('is checked', () => {
    const box = { type: 'Box', low: 0, high: 1, shape: [2] };
    const cases: [unknown, string, RegExp][] = [
      [null, 'INVALID_ARGUMENT', /^space: expected {type, …}/],
      ['Box', 'INVALID_ARGUMENT', /^space/],
      [{ type: 'Graph' }, 'UNKNOWN_NAME', /^space\.type: expected Box, .*"Graph"/],
      [{ type: 'toString' }, 'UNKNOWN_NAME', /toString/],
      [{ type: 'Discrete' }, 'INVALID_ARGUMENT', /Discrete with n, got nothing/],
      [{ type: 'Discrete', n: 2, start: 1 }, 'INVALID_ARGUMENT', /got n, start/],
      [{ type: 'Discrete', n: '2' }, 'INVALID_ARGUMENT', /n of Discrete/],
      [{ ...box, low: null }, 'INVALID_ARGUMENT', /null/],
      [{ ...box, low: ['-Infinity', 'NaN'] }, 'INVALID_ARGUMENT', /"NaN"/],
      [{ ...box, low: 2 }, 'INVALID_ARGUMENT', /low <= high/],
      [{ ...box, shape: 'x' }, 'INVALID_SHAPE', /shape of Box/],
      [{ type: 'MultiDiscrete', nvec: {} }, 'INVALID_ARGUMENT', /nvec/],
      [{ type: 'MultiBinary', shape: null }, 'INVALID_ARGUMENT', /n of MultiBinary/],
      [{ type: 'Dict', spaces: [] }, 'INVALID_ARGUMENT', /spaces of Dict/],
      [{ type: 'Dict', spaces: { a: box, b: { type: 'x' } } }, 'UNKNOWN_NAME', /^space\.spaces\.b\.type/],
      [{ type: 'Tuple', spaces: [box, 7] }, 'INVALID_ARGUMENT', /^space\.spaces\[1\]/],
      [{ type: 'Tuple', spaces: 'x' }, 'INVALID_ARGUMENT', /spaces of Tuple/],
    ];
    for (const [json, code, words] of cases) expectError(() => spaceFromJSON(json), code as never, words);
    let deep: unknown = box;
    for (let i = 0; i < 10_000; i++) deep = { type: 'Tuple', spaces: [deep] };
    expectError(() => spaceFromJSON(deep), 'INVALID_ARGUMENT', 'more than 32');
  });
});
