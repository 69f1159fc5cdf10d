// ProgramModel: a model whose class is not here. It replays a stored program, node by node.
import type { DeviceChoice } from '../addon/load.js';
import type { Node } from '../graph/node.js';
import type { ProgramSpec } from '../graph/program.js';
import type { Parameter } from '../graph/trace.js';
import { constant } from '../random/initializers.js';
import type { ModelOutputs } from './heads.js';
import { Model } from './model.js';
import { StoredActionSpace } from './stored-action-space.js';

export interface StoredModel {
  program: ProgramSpec;
  typeName: string;
  metadata: Record<string, unknown>;
}

/** Runs and trains like the model it was saved from. */
export class ProgramModel extends Model {
  readonly #stored: StoredModel;

  constructor(stored: StoredModel, device?: DeviceChoice) {
    const { program } = stored;
    const size = (index: number | undefined): number => program.widths[index as number] as number;
    super({
      observationSpaceSize: size(0),
      actionSpaceSize: size(program.head.inputs[0]),
      discrete: program.head.kind === 'categorical',
      ...(device !== undefined && { device }),
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
    for (const { name, shape } of program.parameters) declared.set(name, trace.declare(name, shape, constant(0)));
    const values = [observation];
    program.instructions.forEach(({ op, inputs, parameters, variant, constants }, i) => {
      const node = trace.apply(
        op,
        inputs.map((index) => values[index] as Node),
        program.widths[i + 1] as number,
        {
          parameters: parameters.map((name) => (name === null ? null : (declared.get(name) as Parameter))),
          ...(variant && { variant }),
          ...(constants && { constants }),
        },
      );
      values.push(node);
    });
    const { inputs, ...head } = program.head;
    const actionSpace = head.bijectors?.length ? { actionSpace: new StoredActionSpace(head.bijectors) } : {};
    return {
      policy: { ...head, inputs: inputs.map((index) => values[index] as Node), ...actionSpace },
      value: values[program.value] as Node,
    };
  }
}
