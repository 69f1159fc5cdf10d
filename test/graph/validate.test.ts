// Programs from files: what was written comes back, and whatever is damaged is refused before the native core sees it.
import { describe, expect, test } from 'vitest';
import { Box } from '../../lib/bijectors/box.js';
import { compile } from '../../lib/graph/compile.js';
import type { ProgramSpec } from '../../lib/graph/program.js';
import { Trace } from '../../lib/graph/trace.js';
import { readProgram } from '../../lib/graph/validate.js';
import { categorical, gaussian } from '../../lib/models/heads.js';
import { expectError } from '../support/errors.js';

function sample(): ProgramSpec {
  const trace = new Trace(3);
  const x = trace.observation;
  const y = x.linear(4).tanh().concat(x.slice(1)).layerNorm();
  const { actionSpace: _, ...head } = gaussian(y.linear(2).scale(2, 1), {
    logStd: x.parameter('log_std', [1, 2]),
    actionSpace: new Box({ low: [-1, -2], high: [1, 2] }),
  });
  return compile(trace, head, y.linear(1)).program;
}

const copy = (): ProgramSpec => JSON.parse(JSON.stringify(sample()));

describe('round trip', () => {
  test('is the same text, key by key', () => {
    expect(JSON.stringify(readProgram(copy(), 'here'))).toBe(JSON.stringify(sample()));
  });
  test('of a categorical head', () => {
    const trace = new Trace(2);
    const { program } = compile(trace, categorical(trace.observation), trace.observation.linear(1));
    expect(JSON.stringify(readProgram(JSON.parse(JSON.stringify(program)), 'here'))).toBe(JSON.stringify(program));
  });
});

// biome-ignore lint/suspicious/noExplicitAny: the point is to put anything anywhere
type Anything = any;

/** Each changes a sound program; `file.program` is the whole of it. */
const damages: [what: string, damage: (p: Anything, file: Anything) => unknown, ...words: string[]][] = [
  ['no object', (_, file) => (file.program = []), 'program: expected an object'],
  ['widths that are no list', (p) => (p.widths = 3), 'widths: expected an array, got 3'],
  ['a width of 0', (p) => p.widths.fill(0, 2, 3), 'widths[2]', 'got 0'],
  ['half a width', (p) => p.widths.fill(1.5, 0, 1), 'widths[0]', 'got 1.5'],
  ['a width too many', (p) => p.widths.push(1), 'widths for'],
  ['an unknown op', (p) => (p.instructions[0].op = 'exec'), 'instructions[0].op', '"exec"', 'linear'],
  ['the name of a property of all objects', (p) => (p.instructions[0].op = 'constructor'), 'instructions[0].op'],
  ['an input from later', (p) => p.instructions[1].inputs.fill(5), 'instructions[1].inputs', 'got 5'],
  ['an input from before', (p) => p.instructions[1].inputs.fill(-1), 'instructions[1].inputs', 'got -1'],
  ['an unknown parameter', (p) => (p.instructions[0].parameters[0] = 'x'), 'instructions[0]', 'no parameter "x"'],
  ['an unknown activation', (p) => (p.instructions[0].variant = 'x'), 'instructions[0].variant', '"x"'],
  ['no activation', (p) => delete p.instructions[0].variant, 'instructions[0].variant', 'undefined'],
  ['constants that are no numbers', (p) => (p.instructions[1].constants = ['1']), 'instructions[1].constants[0]'],
  ['a slice out of its input', (p) => (p.instructions[1].constants = [2]), 'instructions[1]: slice columns 2 to 4'],
  ['a kernel of another shape', (p) => (p.parameters[0].shape = [4, 3]), 'instructions[0]: linear needs a weight'],
  ['a shape of 0', (p) => (p.parameters[0].shape = [0, 4]), 'parameters[0].shape', 'got 0'],
  ['a parameter without name', (p) => delete p.parameters[0].name, 'parameters[0]: name undefined'],
  ['a name twice', (p) => (p.parameters[1].name = p.parameters[0].name), 'parameters[1]', 'missing or taken'],
  ['parameters that overlap', (p) => (p.parameters[1].offset = 0), 'parameters[1].offset', 'got 0'],
  ['an offset between lines', (p) => (p.parameters[1].offset += 1), 'no multiple of 16'],
  ['an arena that is too short', (p) => (p.parameterCount -= 16), 'parameterCount is'],
  ['an arena of NaN', (p) => (p.parameterCount = null), 'parameterCount', 'null'],
  ['a value of two numbers', (p) => (p.value = 1), 'value has width 4, expected 1'],
  ['a value out of range', (p) => (p.value = 99), 'value', 'got 99'],
  ['no head', (p) => delete p.head, 'head: expected an object'],
  ['an unknown head', (p) => (p.head.kind = 'beta'), 'head.kind', '"beta"', 'gaussian, categorical'],
  ['a head with one input', (p) => p.head.inputs.pop(), 'gaussian reads 2 values, got 1'],
  ['a head of two widths', (p) => (p.head.inputs[0] = 1), 'head: values of one width expected, got 4 and 2'],
  ['a head that reads nothing', (p) => (p.head.inputs[0] = 99), 'head.inputs', 'got 99'],
  ['an unknown scale', (p) => (p.head.scale = 'variance'), 'head.scale', '"variance"', 'log_std, std'],
  ['a bijector without name', (p) => (p.head.bijectors[0].name = 3), 'head.bijectors[0].name'],
  ['a bijector that faces nowhere', (p) => delete p.head.bijectors[0].inverse, 'head.bijectors[0].inverse'],
  ['a bijector of NaN', (p) => (p.head.bijectors[0].parameters[0] = [null]), 'head.bijectors[0].parameters[0][0]'],
];

test.each(damages)('%s is refused', (_, damage, ...words) => {
  const file = { program: copy() };
  damage(file.program, file);
  expectError(() => readProgram(file.program, 'a.safetensors'), 'CORRUPT_FILE', 'program of a.safetensors', ...words);
});

test('another version is another matter', () => {
  expectError(() => readProgram({ ...copy(), version: 3 }, 'a'), 'UNSUPPORTED_VERSION', 'version 3', 'reads version 1');
});
