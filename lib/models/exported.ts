// Models as ONNX files.
import { boolean, options as checkOptions, positiveInteger } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { torsorVersion } from '../core/package.js';
import type { ProgramSpec } from '../graph/program.js';
import { writeWholeFile } from '../io/files.js';
import { exportProgram } from '../onnx/export.js';
import { flatLeaf, type Leaf, leavesOf } from '../onnx/observation.js';
import type { Model } from './model.js';
import { SpacePolicy } from './space-policy.js';
import { actionShape } from './space-values.js';

/**
 * Inputs of the file: `observation` [batch, size], or one for every array of the observation space, as `observation.gear`; of a model that
 * remembers `carry.h` and the like, [batch, shape], zeros where an episode begins. Outputs: `action`, as `act` gives it, `log_prob` [batch],
 * `value` [batch, 1], of discrete actions `logits`, and `next_carry.h` for the next step.
 */
export interface OnnxOptions {
  /**
   * False: samples, as a function of an input `noise` [batch, n], one number per dimension or logit: those of `normal(key, [batch, n])` of
   * this library, of `gumbel` for choices, of `uniform` for bits, give the actions that `act` draws with the key. Default: true.
   */
  deterministic?: boolean;
  /** An input `action_mask`, booleans [batch, logits]; discrete actions only. Default: false. */
  actionMask?: boolean;
  /**
   * Of a model with an adaptive neural CDE: this many equal steps from one observation to the next instead, as a model with
   * `stepping: {substeps}` takes them, in float32 and without a loop. Default: the adaptive steps.
   */
  substeps?: number;
}

export async function writeOnnx(model: Model<object>, path: string, given: OnnxOptions): Promise<void> {
  const options = checkOptions('exportOnnx', given, ['deterministic', 'actionMask', 'substeps']) as OnnxOptions;
  model.parameters.checkFinite();
  const source = {
    program: withSubsteps(model.program, options.substeps),
    arena: model.parameters.flat(),
    statistics: (name: string) => model.statistics.get(name),
    ...shapesOf(model),
    version: torsorVersion(),
    metadata: metadataOf(model),
  };
  const bytes = exportProgram(source, {
    deterministic: boolean('deterministic', options.deterministic ?? true),
    actionMask: boolean('actionMask', options.actionMask ?? false),
  });
  await writeWholeFile(path, [bytes]);
}

function shapesOf(model: Model<object>): { observation: readonly Leaf[]; actionShape: readonly number[] } {
  if (!(model instanceof SpacePolicy)) {
    const { observationSize, actions } = model.network;
    return { observation: [flatLeaf(observationSize)], actionShape: actions.shape };
  }
  const { oneHot, compat } = model.options;
  return {
    observation: leavesOf(model.observationSpace, oneHot),
    actionShape: actionShape(model.actionSpace, compat === 'lerax'),
  };
}

/** What the file says of the model, in strings. */
function metadataOf(model: Model<object>): Record<string, string> {
  const { metadata } = model;
  return {
    'torsor.version': torsorVersion(),
    'torsor.model': model.typeName,
    'torsor.options': JSON.stringify(metadata),
    'torsor.actionSpace': JSON.stringify(metadata.actionSpace ?? null),
    'torsor.parametersSha256': model.parameters.sha256,
  };
}

function withSubsteps(program: ProgramSpec, substeps: number | undefined): ProgramSpec {
  if (substeps === undefined) return program;
  const count = positiveInteger('substeps', substeps);
  let adaptive = false;
  const instructions = program.instructions.map((instruction) => {
    const { op, constants = [] } = instruction;
    if (op !== 'neural_cde' || constants[3] !== 0) return instruction;
    adaptive = true;
    return { ...instruction, constants: [...constants.slice(0, 3), count] };
  });
  if (adaptive) return { ...program, instructions };
  throw new TorsorError('INVALID_ARGUMENT', 'substeps: this model has no neural CDE with adaptive steps');
}
