// Programs from files: what was written comes back, and whatever is damaged is refused before the native core sees it.
import { describe, expect, test } from 'vitest';
import { Box } from '../../lib/bijectors/box.js';
import { compile } from '../../lib/graph/compile.js';
import type { Node } from '../../lib/graph/node.js';
import type { ProgramSpec } from '../../lib/graph/program.js';
import { Trace } from '../../lib/graph/trace.js';
import { readProgram } from '../../lib/graph/validate.js';
import { bernoulli, categorical, gaussian, multiCategorical } from '../../lib/models/heads.js';
import { constant } from '../../lib/random/initializers.js';
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
  test.each([
    ['categorical', categorical],
    ['multi_categorical', (x: Node) => multiCategorical(x, [1, 1])],
    ['bernoulli', (x: Node) => bernoulli(x)],
    ['bernoulli with the mean of entropies', (x: Node) => bernoulli(x, { meanEntropy: true })],
  ])('of a %s head', (_, head) => {
    const trace = new Trace(2);
    const { program } = compile(trace, head(trace.observation), trace.observation.linear(1));
    expect(JSON.stringify(readProgram(JSON.parse(JSON.stringify(program)), 'here'))).toBe(JSON.stringify(program));
  });
});

// biome-ignore lint/suspicious/noExplicitAny: the point is to put anything anywhere
type Anything = any;

test.each<[what: string, head: object, ...words: string[]]>([
  ['sizes that do not add up', { kind: 'multi_categorical', sizes: [1, 2] }, 'head.sizes: 3 logits', 'reads 2'],
  ['a size of 0', { kind: 'multi_categorical', sizes: [2, 0] }, 'head.sizes', 'from 1', 'got 0'],
  ['no sizes', { kind: 'multi_categorical' }, 'head.sizes: expected an array', 'undefined'],
  ['a flag that is none', { kind: 'bernoulli', meanEntropy: 1 }, 'head.meanEntropy: expected true or false, got 1'],
])('a discrete head with %s is refused', (_, head, ...words) => {
  const trace = new Trace(2);
  const { program } = compile(trace, bernoulli(trace.observation), trace.observation.linear(1));
  const damaged = JSON.parse(JSON.stringify({ ...program, head: { ...program.head, ...head } }));
  expectError(() => readProgram(damaged, 'here'), 'CORRUPT_FILE', ...words);
});

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
  expectError(() => readProgram({ ...copy(), version: 5 }, 'a'), 'UNSUPPORTED_VERSION', 'version 5', 'reads version 1');
});

/** An LSTM, a state of its own, and a stack of kernels. */
function recurrent(): ProgramSpec {
  const trace = new Trace(3);
  const h = trace.observation.linear(2).lstm(2, { name: 'cell' });
  const mean = h.state('mean', [1, 2], { floor: 1e-8 });
  const kernels = trace.declare('kernels', [2, 2, 2], constant(1));
  const parameters = [trace.block(kernels, 1), null];
  mean.becomes(trace.apply('linear', [mean.add(h)], 2, { parameters, variant: 'identity' }));
  return compile(trace, categorical(mean.add(h)), h.linear(1)).program;
}

describe('programs with states', () => {
  const copyOf = (): Anything => JSON.parse(JSON.stringify(recurrent()));
  const lstm = recurrent().instructions.findIndex(({ op }) => op === 'lstm');

  test('come back as the same text, of version 2', () => {
    expect(JSON.stringify(readProgram(copyOf(), 'here'))).toBe(JSON.stringify(recurrent()));
    expect(recurrent().version).toBe(2);
    expect(recurrent().instructions.flatMap(({ parameters }) => parameters)).toContain('kernels[1]');
  });

  test.each<[string, (p: Anything) => unknown, ...string[]]>([
    ['no states', (p) => delete p.states, 'states: expected an array'],
    ['states out of order', (p) => p.states.reverse(), 'states[0].value', 'got 2'],
    ['a state that becomes nothing', (p) => delete p.states[0].next, 'states[0].next'],
    ['a state that becomes something wider', (p) => (p.states[1].next = p.states[0].value), 'states[1]: width 2'],
    ['parts that are too narrow', (p) => p.states[0].parts.pop(), 'states[0]: parts of 2'],
    ['a part without name', (p) => delete p.states[0].parts[0].name, 'states[0].parts'],
    [
      'one name for parts of two states',
      (p) => (p.states[1].parts[0].name = p.states[0].parts[1].name),
      'states[1].parts',
      'taken',
    ],
    ['a floor that is no number', (p) => (p.states[1].floor = '0'), 'states[1].floor'],
    ['a block out of range', (p) => rename(p), 'no parameter "kernels[2]"'],
    ['an lstm of another width', (p) => p.instructions[lstm].inputs.fill(0, 0, 1), 'lstm needs a weight'],
    [
      'kernels with a gap between them',
      (p) => {
        // Everything behind the first kernel, 16 numbers on.
        const from = p.parameters.findIndex(({ name }: { name: string }) => name === 'cell.dense_h.kernel');
        for (const parameter of p.parameters.slice(from)) parameter.offset += 16;
        p.parameterCount += 16;
      },
      'cell.dense_h.kernel does not lie right behind',
    ],
  ])('%s is refused', (_, damage, ...words) => {
    const program = copyOf();
    damage(program);
    expectError(() => readProgram(program, 'a'), 'CORRUPT_FILE', ...words);
  });

  function rename(p: Anything): void {
    for (const { parameters } of p.instructions) {
      if (parameters[0] === 'kernels[1]') parameters[0] = 'kernels[2]';
    }
  }
});

describe('running statistics', () => {
  function normalizing(): Anything {
    const { observation } = new Trace(4);
    const x = observation.normalize({ name: 'a' }).concat(observation.slice(1, 3).normalize({ name: 'b' }));
    return compile(observation.trace, categorical(x.linear(3)), x.linear(1)).program;
  }

  test('come back as they were written, in version 4', () => {
    const text = JSON.stringify(normalizing());
    expect(JSON.stringify(readProgram(JSON.parse(text), 'here'))).toBe(text);
    expect(normalizing().version).toBe(4);
  });

  test.each<[string, (p: Anything) => unknown, ...string[]]>([
    ['no statistics', (p) => delete p.statistics, 'there are no statistics "a"'],
    ['statistics that are no list', (p) => (p.statistics = 3), 'statistics: expected an array'],
    ['statistics among the parameters', (p) => (p.statistics[0].offset = 0), 'statistics[0].offset', 'got 0'],
    ['statistics that overlap', (p) => (p.statistics[1].offset -= 16), 'statistics[1].offset'],
    ['a name twice', (p) => (p.statistics[1].name = 'a'), 'statistics[1]: name "a"'],
    [
      'statistics of other columns',
      (p) => (p.statistics[1].width = 1),
      'instructions[1]: statistics of 1 columns for 2',
    ],
    [
      'statistics that nobody reads',
      (p) => p.statistics.push({ name: 'c', width: 1, offset: 4096 }),
      'no instruction',
      'c',
    ],
    ['statistics that two read', (p) => (p.instructions[1].statistics = 'a'), 'no statistics "a", or another'],
    ['columns out of range', (p) => (p.instructions[1].constants[2] = 3), 'columns 3 to 5'],
    ['a clip of 0', (p) => (p.instructions[0].constants[1] = 0), 'normalize needs an epsilon and a clip'],
    ['an input that is no observation', (p) => p.instructions[1].inputs.fill(1), 'not the observation'],
  ])('%s: refused', (_, damage, ...words) => {
    const program = JSON.parse(JSON.stringify(normalizing()));
    damage(program);
    expectError(() => readProgram(program, 'a'), 'CORRUPT_FILE', ...words);
  });
});

describe('a differential equation', () => {
  function equation(): ProgramSpec {
    const trace = new Trace(2);
    const window = trace.observation.window(3);
    const z = window.oldest.linear(4).neuralCde(window, { width: 5 });
    return compile(trace, categorical(z.linear(2)), z.linear(1)).program;
  }
  const damaged = (damage: (p: Anything) => unknown): unknown => {
    const json = JSON.parse(JSON.stringify(equation()));
    damage(json);
    return json;
  };
  const at = (p: Anything, op: string): Anything =>
    p.instructions.find((instruction: Anything) => instruction.op === op);

  test('comes back as it was written', () => {
    expect(
      JSON.stringify(
        readProgram(
          damaged(() => {}),
          'here',
        ),
      ),
    ).toBe(JSON.stringify(equation()));
  });

  const cases: [what: string, damage: (p: Anything) => unknown, ...words: string[]][] = [
    ['another length of the window', (p) => (at(p, 'window').constants[0] = 4), 'window needs a state'],
    ['no length of the window', (p) => (at(p, 'window').constants[0] = 0), 'window needs a length'],
    ['time that stands still', (p) => (at(p, 'window').constants[1] = 0), 'window needs a dt'],
    ['a history that its window has not', (p) => (at(p, 'neural_cde').constants[0] = 5), 'needs the state of a window'],
    ['half a width', (p) => (at(p, 'neural_cde').constants[1] = 2.5), 'needs a history, a width'],
    ['a depth without weights', (p) => (at(p, 'neural_cde').constants[2] = 2), 'takes 6 parameters, got 4'],
    ['steps beyond the limit', (p) => (at(p, 'neural_cde').constants[3] = 3000), 'takes at most 4096 steps'],
    ['an unknown solver', (p) => (at(p, 'neural_cde').variant = 'tanh'), 'variant', 'tsit5'],
    ['a bias that is no kernel', (p) => at(p, 'neural_cde').parameters.reverse(), 'needs a weight of layer 0'],
    [
      'weights that lie apart',
      (p) => {
        const bias = p.parameters.findIndex(({ name }: { name: string }) => name.endsWith('layers.1.bias'));
        for (const parameter of p.parameters.slice(bias)) parameter.offset += 16;
        p.parameters[bias].offset = Math.ceil(p.parameters[bias].offset / 16) * 16;
        for (const parameter of p.parameters.slice(bias + 1)) parameter.offset += 16;
        p.parameterCount = Math.ceil((p.parameters.at(-1).offset + p.parameters.at(-1).shape[0]) / 16) * 16;
      },
      'does not lie right behind',
    ],
  ];
  test.each(cases)('%s is refused', (_, damage, ...words) => {
    expectError(() => readProgram(damaged(damage), 'a.safetensors'), 'CORRUPT_FILE', ...words);
  });
});
