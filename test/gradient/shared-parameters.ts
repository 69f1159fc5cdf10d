// Programs in which two instructions read one parameter: `build` cannot say that, a stored program can.
import type { ProgramSpec } from '../../lib/graph/program.js';
import { readProgram } from '../../lib/graph/validate.js';
import { type Case, fill } from './case.js';

const place = (name: string, shape: number[], offset: number) => ({ name, shape, offset });
const linear = (input: number, kernel: string, bias: string | null, variant = 'identity') => ({
  op: 'linear',
  inputs: [input],
  parameters: [kernel, bias],
  variant,
});

const programs: Record<string, unknown> = {
  'one kernel and bias used twice in a row': {
    version: 1,
    widths: [3, 3, 3, 2, 2, 1],
    instructions: [
      linear(0, 'w', 'b', 'tanh'),
      linear(1, 'w', 'b', 'gelu'),
      linear(2, 'mean', null),
      { op: 'parameter', inputs: [], parameters: ['log_std'] },
      linear(2, 'value', null),
    ],
    head: { kind: 'gaussian', inputs: [3, 4], scale: 'log_std', bijectors: [] },
    value: 5,
    parameters: [
      place('w', [3, 3], 0),
      place('b', [3], 16),
      place('mean', [3, 2], 32),
      place('log_std', [2], 48),
      place('value', [3, 1], 64),
    ],
    parameterCount: 80,
  },
  'one vector as bias, as scale of a layer norm, and as itself': {
    version: 1,
    widths: [3, 3, 3, 3, 3, 1],
    instructions: [
      linear(0, 'w', 'v', 'silu'),
      { op: 'layer_norm', inputs: [1], parameters: ['v', 'v'], constants: [1e-3] },
      { op: 'parameter', inputs: [], parameters: ['v'] },
      { op: 'mul', inputs: [2, 3], parameters: [] },
      linear(4, 'value', null),
    ],
    head: { kind: 'categorical', inputs: [4] },
    value: 5,
    parameters: [place('w', [3, 3], 0), place('v', [3], 16), place('value', [3, 1], 32)],
    parameterCount: 48,
  },
};

export function shared(): Case[] {
  return Object.entries(programs).map(([name, json]) => {
    const program: ProgramSpec = readProgram(json, name);
    return fill(name, program, { rows: 5, mixtures: 0 });
  });
}
