// From the nodes of a trace to a program: dead nodes dropped, activations fused into the linear before them, parameters placed.
import { TorsorError } from '../core/errors.js';
import { mostNumbers, showShape, sizeOf } from '../tensor/shape.js';
import type { HeadSpec } from './heads.js';
import { layout, layoutStatistics, type PlacedParameter } from './layout.js';
import type { Node } from './node.js';
import type { VariantName } from './op.js';
import type { OpName } from './ops.js';
import { type InstructionSpec, type ProgramSpec, programVersions, type StateSpec } from './program.js';
import { nameOf, type Parameter, type State, type Statistics, type Trace } from './trace.js';

/** What a policy reads, as nodes. */
export interface Head extends Omit<HeadSpec, 'inputs'> {
  inputs: readonly Node[];
}

export interface Compiled {
  program: ProgramSpec;
  /** The parameters of the program, in the order of the arena. */
  parameters: Parameter[];
}

/**
 * Compiles what `head`, `value` and `bootstrapValue` (default: the value) depend on; the rest of the trace, its parameters included, is
 * dropped.
 */
export function compile(trace: Trace, head: Head, value: Node, bootstrapValue: Node = value): Compiled {
  for (const input of head.inputs) trace.checkNode('policy', input);
  for (const [name, node] of Object.entries({ value, bootstrapValue })) {
    if (trace.checkNode(name, node).width === 1) continue;
    throw new TorsorError('INVALID_SHAPE', `${name}: expected a node of width 1, got width ${node.width}`);
  }
  const bootstraps = bootstrapValue !== value;
  const estimates = bootstraps ? [value, bootstrapValue] : [value];
  const live = reachable(trace, [...head.inputs, ...estimates]);
  const states = trace.states.filter(({ node }) => live.has(node));
  const nodes = trace.nodes.filter((node) => live.has(node));
  const results = [...head.inputs, ...estimates, ...states.map((state) => state.next as Node)];
  const readers = countReaders(nodes, results);

  const sources = [trace.observation, ...states.map(({ node }) => node)];
  const index = new Map<Node, number>(sources.map((node, i) => [node, i]));
  const widths = sources.map(({ width }) => width);
  const instructions: InstructionSpec[] = [];
  // A set: instructions of a stored program may share a parameter.
  const parameters = new Set<Parameter>();
  const statistics: Statistics[] = [];
  for (const node of nodes) {
    const fused = fusedLinear(node, readers);
    if (fused) {
      const at = index.get(fused) as number;
      (instructions[at - sources.length] as InstructionSpec).variant = node.attributes.variant as VariantName;
      index.set(node, at);
      continue;
    }
    for (const parameter of node.attributes.parameters ?? []) if (parameter) parameters.add(parameter.of ?? parameter);
    if (node.attributes.statistics) statistics.push(node.attributes.statistics);
    index.set(node, widths.length);
    instructions.push(instructionOf(node, index));
    widths.push(node.width);
  }

  const { placed, count } = layout(parameters);
  checkSize(placed, count);
  const { kind, inputs, ...rest } = head;
  const headSpec: HeadSpec = { kind, inputs: inputs.map((input) => index.get(input) as number), ...rest };
  const program = {
    version: versionOf({
      general: statistics.length > 0 || (head.bijectors ?? []).some(({ size }) => size !== undefined),
      bootstraps,
      recurrent: states.length > 0,
    }),
    widths,
    ...(states.length > 0 && { states: states.map((state) => stateOf(state, index)) }),
    instructions,
    head: headSpec,
    value: index.get(value) as number,
    ...(bootstraps && { bootstrapValue: index.get(bootstrapValue) as number }),
    parameters: placed,
    parameterCount: count,
    ...(statistics.length > 0 && { statistics: layoutStatistics(statistics, count) }),
  };
  return { program, parameters: [...parameters] };
}

function versionOf(uses: { general: boolean; bootstraps: boolean; recurrent: boolean }): number {
  if (uses.general) return programVersions.general;
  if (uses.bootstraps) return programVersions.bootstrapping;
  return uses.recurrent ? programVersions.recurrent : programVersions.stateless;
}

function checkSize(placed: readonly PlacedParameter[], count: number): void {
  if (count <= mostNumbers) return;
  const largest = placed.reduce((a, b) => (sizeOf(b.shape) > sizeOf(a.shape) ? b : a));
  throw new TorsorError(
    'INVALID_SHAPE',
    `the parameters of this model are ${count} numbers, at most ${mostNumbers} fit; the largest is ${largest.name} ${showShape(largest.shape)}`,
  );
}

/** What the results depend on: through inputs, and from one step to the next through states. */
function reachable(trace: Trace, results: readonly Node[]): Set<Node> {
  const states = new Map<Node, State>(trace.states.map((state) => [state.node, state]));
  const live = new Set<Node>();
  const open = [...results];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (live.has(node)) continue;
    live.add(node);
    open.push(...node.inputs);
    const state = states.get(node);
    if (state === undefined) continue;
    if (state.next === undefined) {
      throw new TorsorError('INVALID_ARGUMENT', `${nameOf(state)} becomes nothing; call its becomes(next)`);
    }
    open.push(state.next);
  }
  return live;
}

function stateOf({ node, parts, floor, next }: State, index: ReadonlyMap<Node, number>): StateSpec {
  return {
    value: index.get(node) as number,
    next: index.get(next as Node) as number,
    parts: parts.map(({ name, shape }) => ({ name, shape: [...shape] })),
    ...(floor !== undefined && { floor }),
  };
}

function countReaders(nodes: readonly Node[], results: readonly Node[]): Map<Node, number> {
  const readers = new Map<Node, number>();
  for (const read of [...nodes.flatMap((node) => node.inputs), ...results])
    readers.set(read, (readers.get(read) ?? 0) + 1);
  return readers;
}

/** The linear whose result only this activation reads, so that one instruction can do both. */
function fusedLinear(node: Node, readers: ReadonlyMap<Node, number>): Node | undefined {
  const input = node.inputs[0];
  return node.op === 'activation' && input?.op === 'linear' && readers.get(input) === 1 ? input : undefined;
}

function instructionOf(node: Node, index: ReadonlyMap<Node, number>): InstructionSpec {
  const { parameters = [], variant, statistics, constants } = node.attributes;
  return {
    op: node.op as OpName,
    inputs: node.inputs.map((input) => index.get(input) as number),
    parameters: parameters.map((parameter) => parameter?.name ?? null),
    ...(variant && { variant }),
    ...(statistics && { statistics: statistics.name }),
    ...(constants && { constants: [...constants] }),
  };
}
