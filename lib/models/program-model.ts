// ProgramModel: a model whose class is not here. It replays a stored program, node by node.
import type { Node } from '../graph/node.js';
import type { ProgramSpec } from '../graph/program.js';
import type { Parameter } from '../graph/trace.js';
import { constant } from '../random/initializers.js';
import { sizeOf } from '../tensor/shape.js';
import type { ModelOutputs } from './heads.js';
import { Model } from './model.js';
import type { PlacementOptions } from './placement.js';
import { StoredActionSpace } from './stored-action-space.js';

export interface StoredModel {
  program: ProgramSpec;
  typeName: string;
  metadata: Record<string, unknown>;
}

/** Runs and trains like the model it was saved from. */
export class ProgramModel extends Model {
  readonly #stored: StoredModel;

  constructor(stored: StoredModel, placement: PlacementOptions) {
    const { program } = stored;
    const size = (index: number | undefined): number => program.widths[index as number] as number;
    super({
      observationSpaceSize: size(0),
      actionSpaceSize: size(program.head.inputs[0]),
      discrete: program.head.kind !== 'gaussian',
      ...placement,
    });
    this.#stored = stored;
  }

  override get typeName(): string {
    return this.#stored.typeName;
  }

  override get metadata(): Record<string, unknown> {
    return structuredClone(this.#stored.metadata);
  }

  build(observation: Node): ModelOutputs {
    const { program } = this.#stored;
    const { trace } = observation;
    const declared = new Map<string, Parameter>();
    let end = 0;
    for (const { name, shape, offset } of program.parameters) {
      const adjacent = offset === end && offset > 0;
      declared.set(name, trace.declare(name, shape, constant(0), adjacent));
      end = offset + sizeOf(shape);
    }
    const parameter = (name: string): Parameter => {
      const whole = declared.get(name);
      if (whole !== undefined) return whole;
      const at = name.lastIndexOf('[');
      return trace.block(declared.get(name.slice(0, at)) as Parameter, Number.parseInt(name.slice(at + 1), 10));
    };
    const states = (program.states ?? []).map(({ parts, floor }) => trace.state(parts, floor));
    const values = [observation, ...states];
    program.instructions.forEach(({ op, inputs, parameters, variant, statistics, constants }, i) => {
      const width = program.widths[1 + states.length + i] as number;
      const node = trace.apply(
        op,
        inputs.map((index) => values[index] as Node),
        width,
        {
          parameters: parameters.map((name) => (name === null ? null : parameter(name))),
          ...(variant && { variant }),
          ...(statistics !== undefined && { statistics: trace.statistics(statistics, width) }),
          ...(constants && { constants }),
        },
      );
      values.push(node);
    });
    program.states?.forEach(({ next }, k) => {
      (states[k] as Node).becomes(values[next] as Node);
    });
    const { inputs, ...head } = program.head;
    const actionSpace = head.bijectors?.length ? { actionSpace: new StoredActionSpace(head.bijectors) } : {};
    return {
      policy: { ...head, inputs: inputs.map((index) => values[index] as Node), ...actionSpace },
      value: values[program.value] as Node,
      ...(program.bootstrapValue !== undefined && { bootstrapValue: values[program.bootstrapValue] as Node }),
    };
  }
}
