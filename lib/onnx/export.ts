// A program as an ONNX file: observation and carry in, action, log-probability, value and the next carry out.
import { TorsorError } from '../core/errors.js';
import { find, type PlacedParameter } from '../graph/layout.js';
import type { CarryPart, InstructionSpec, ProgramSpec } from '../graph/program.js';
import { sizeOf } from '../tensor/shape.js';
import { Graph } from './graph.js';
import { headExports } from './heads.js';
import { type Leaf, observationInputs } from './observation.js';
import { opExports, type Statistics } from './ops.js';
import type { Producer } from './writer.js';

export interface ExportSource extends Producer {
  program: ProgramSpec;
  /** The parameters at their offsets. */
  arena: Float32Array;
  /** Running statistics by their name. */
  statistics(name: string): Statistics;
  observation: readonly Leaf[];
  /** Of one action; [] for a single number. */
  actionShape: readonly number[];
}

export interface GraphOptions {
  deterministic: boolean;
  actionMask: boolean;
}

/** A file is one message of protocol buffers, whose readers refuse more. */
const largestFile = 2 ** 31 - 1;

export function exportProgram(source: ExportSource, options: GraphOptions): Uint8Array {
  const { program } = source;
  checkExportable(program);
  const graph = new Graph();
  const flat = observationInputs(graph, source.observation);
  const { states = [] } = program;
  const values = [flat, ...states.map(({ parts }) => carryInput(graph, parts))];
  runInstructions(graph, source, values);
  const value = (index: number): string => values[index] as string;
  actionOutputs(graph, source, options, value);
  graph.output({ name: 'value', type: 'float32', shape: [1], about: 'Estimate of the return.' }, value(program.value));
  for (const { next, parts } of states) carryOutput(graph, parts, value(next));
  return graph.file(source);
}

function checkExportable({ parameterCount }: ProgramSpec): void {
  if (4 * parameterCount > largestFile) {
    throw new TorsorError(
      'UNSUPPORTED',
      `an ONNX file holds at most 2 GiB, the parameters of this model are ${4 * parameterCount} bytes`,
    );
  }
}

/** Appends the results of the instructions that action, value or carry depend on; in the places of the others stands ''. */
function runInstructions(graph: Graph, { program, arena, statistics }: ExportSource, values: string[]): void {
  const { instructions, widths } = program;
  const first = values.length;
  const live = liveValues(program);
  const placed = new Map(program.parameters.map((parameter) => [parameter.name, parameter]));
  let batch: string | undefined;
  const spread = (row: string): string => {
    batch ??= graph.op('Shape', [graph.columns(values[0] as string, 0, 1)]);
    return graph.op('Expand', [row, batch]);
  };
  instructions.forEach(({ op, inputs, parameters, variant = 'identity', constants = [], statistics: of }, i) => {
    if (!live.has(first + i)) {
      values.push('');
      return;
    }
    const parameter = (k: number): string | null => {
      const name = parameters[k];
      if (typeof name !== 'string') return null;
      const { offset, shape } = find(name, placed) as PlacedParameter;
      return graph.parameter(name, arena.subarray(offset, offset + sizeOf(shape)), shape);
    };
    const named = {
      statistics: of === undefined ? undefined : statistics(of),
      inputs: inputs.map((index) => values[index] as string),
      widths: inputs.map((index) => widths[index] as number),
      width: widths[first + i] as number,
    };
    values.push(opExports[op]({ graph, ...named, variant, constants, parameter, spread }));
  });
}

/** Without what only a bootstrap value needs, which is for training. */
function liveValues({ instructions, states = [], head, value }: ProgramSpec): ReadonlySet<number> {
  const first = 1 + states.length;
  const live = new Set([...head.inputs, value, ...states.map(({ next }) => next)]);
  for (let i = instructions.length - 1; i >= 0; i--) {
    if (live.has(first + i)) for (const input of (instructions[i] as InstructionSpec).inputs) live.add(input);
  }
  return live;
}

function actionOutputs(
  graph: Graph,
  { program: { head, widths }, actionShape }: ExportSource,
  { deterministic, actionMask }: GraphOptions,
  value: (index: number) => string,
): void {
  const { noise: kind, action: type, act } = headExports[head.kind];
  const width = widths[head.inputs[0] as number] as number;
  const discrete = type === 'int32';
  if (actionMask && !discrete) {
    throw new TorsorError(
      'INVALID_ARGUMENT',
      'actionMask: only discrete actions can be masked, this model has continuous ones',
    );
  }
  const input = (name: string, of: 'float32' | 'bool', about: string): string =>
    graph.input({ name, type: of, shape: [width], about });
  const noise = deterministic ? null : input('noise', 'float32', noiseOf[kind]);
  const mask = actionMask ? input('action_mask', 'bool', 'Whether a choice is allowed, or a bit may be set.') : null;
  const inputs = head.inputs.map(value);
  const { action, logProb } = act({ graph, head, inputs, width, noise, mask });
  graph.output({ name: 'action', type, shape: actionShape, about: 'What the environment takes.' }, action);
  graph.output({ name: 'log_prob', type: 'float32', shape: [], about: 'Log-probability of the action.' }, logProb);
  if (!discrete) return;
  const about = 'Unnormalised log-probabilities, without the mask.';
  graph.output({ name: 'logits', type: 'float32', shape: [width], about }, inputs[0] as string);
}

const noiseOf = {
  normal: 'Standard normal numbers.',
  gumbel: 'Gumbel noise: -log(-log(u)) of uniform numbers u in (0, 1).',
  uniform: 'Uniform numbers in (0, 1].',
} as const;

/** The columns of a state, from an input for each of its arrays. */
function carryInput(g: Graph, parts: readonly CarryPart[]): string {
  const about = 'What is remembered: next_carry of the step before, zeros where an episode begins.';
  return g.concat(
    parts.map(({ name, shape }) => {
      const input = g.input({ name: `carry.${name}`, type: 'float32', shape, about });
      return shape.length === 1 ? input : g.reshape(input, [sizeOf(shape)]);
    }),
  );
}

function carryOutput(g: Graph, parts: readonly CarryPart[], columns: string): void {
  let end = 0;
  for (const { name, shape } of parts) {
    const start = end;
    end += sizeOf(shape);
    const about = 'The carry of the next step.';
    g.output({ name: `next_carry.${name}`, type: 'float32', shape, about }, g.columns(columns, start, end));
  }
}
