// Models as checkpoints: parameters by name, and in the metadata the options and the program.
import { options as checkOptions, show } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import type { ProgramSpec } from '../graph/program.js';
import { readProgram } from '../graph/validate.js';
import { type Checkpoint, metadataObject, readCheckpoint, writeCheckpoint } from '../io/checkpoint.js';
import type { SavedArray } from '../io/safetensors.js';
import { sameShape } from '../tensor/shape.js';
import type { CarryInput } from './carry.js';
import { Model } from './model.js';
import type { ModelOptions } from './options.js';
import { type PlacementOptions, placementOptions } from './placement.js';
import { ProgramModel } from './program-model.js';

/** Before the names of the arrays of a carry. */
const carryPrefix = 'carry/';

/** What a file keeps of a model. A trainer adds arrays and metadata of its own under other names. */
export function modelCheckpoint(model: Model<object>): Checkpoint {
  model.parameters.checkFinite();
  const { parameters } = model;
  const arrays = parameters.names.map((name) => [name, { shape: parameters.shape(name), data: parameters.get(name) }]);
  const carry = Object.entries(model.carry ?? {}).map(([name, array]) => [
    carryPrefix + name,
    { shape: array.shape, data: array.dataSync() },
  ]);
  return {
    tensors: new Map([...arrays, ...model.statistics.toArrays(), ...carry] as [string, SavedArray][]),
    metadata: {
      typeName: model.typeName,
      metadata: JSON.stringify(model.metadata),
      program: JSON.stringify(model.program),
    },
  };
}

export async function saveModel(model: Model<object>, path: string): Promise<void> {
  await writeCheckpoint(path, modelCheckpoint(model));
}

export async function loadModel(path: string, given: PlacementOptions): Promise<Model<object>> {
  const placement = checkOptions('load', given, placementOptions) as PlacementOptions;
  return modelFrom(await readCheckpoint(path), path, placement);
}

/** The model of a checkpoint; `source` names the file in errors. Arrays that are not the model's are left alone. */
export function modelFrom(checkpoint: Checkpoint, source: string, placement: PlacementOptions = {}): Model<object> {
  const fail = (what: string): never => {
    throw new TorsorError('CORRUPT_FILE', `${source}: ${what}`);
  };
  const { typeName } = checkpoint.metadata;
  if (typeName === undefined) return fail('the metadata has no typeName');
  const program = readProgram(metadataObject(checkpoint, 'program', source), source);
  const metadata = metadataObject(checkpoint, 'metadata', source);
  checkTensors(checkpoint, program, fail);
  let model: Model<object> | undefined;
  try {
    model = rebuild(typeName, metadata, program, placement);
    for (const name of model.parameters.names) {
      model.parameters.set(name, checkpoint.tensors.get(name)?.data as Float32Array);
    }
    model.statistics.fromArrays((name, length) => {
      const data = checkpoint.tensors.get(name)?.data;
      if (data instanceof Float64Array && data.length === length) return data;
      const expected = `expected ${length} numbers of float64, the file has ${show(data)}`;
      throw new TorsorError('CORRUPT_FILE', `statistics ${show(name)}: ${expected}`);
    })();
    const carry = Object.keys(model.carry ?? {}).map((name) => [name, checkpoint.tensors.get(carryPrefix + name)]);
    if (carry.length > 0 && carry.every(([, array]) => array !== undefined)) {
      model.carry = Object.fromEntries(carry) as CarryInput;
    }
    return model;
  } catch (error) {
    model?.dispose();
    const { code, message } = TorsorError.from(error);
    throw new TorsorError(code, `${source}: ${message}`, { cause: error });
  }
}

function checkTensors(checkpoint: Checkpoint, program: ProgramSpec, fail: (what: string) => never): void {
  for (const { name, shape } of program.parameters) {
    const saved = checkpoint.tensors.get(name);
    if (saved === undefined) fail(`the array of parameter ${show(name)} is missing`);
    if (!(saved.data instanceof Float32Array) || !sameShape(saved.shape, shape)) {
      fail(
        `parameter ${show(name)}: expected float32 ${show(shape)}, the file has ${show(saved.data)} ${show(saved.shape)}`,
      );
    }
  }
}

function rebuild(
  typeName: string,
  metadata: Record<string, unknown>,
  program: ProgramSpec,
  placement: PlacementOptions,
): Model<object> {
  const cls = Model.registered(typeName);
  if (cls === undefined) return new ProgramModel({ program, typeName, metadata }, placement);
  const model = new cls({ ...metadata, ...placement } as unknown as ModelOptions);
  const built = model.program;
  if (JSON.stringify(built) === JSON.stringify(program)) return model;
  model.dispose();
  throw new TorsorError(
    'INVALID_ARGUMENT',
    `the class registered as ${show(typeName)} builds another model than the one saved: ${difference(built, program)}. ` +
      'Load the file where that class is not registered to run it as it was saved.',
  );
}

function difference(built: ProgramSpec, saved: ProgramSpec): string {
  const list = (program: ProgramSpec) => program.parameters.map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
  const [here, there] = [list(built), list(saved)];
  const missing = there.find((parameter) => !here.includes(parameter));
  const extra = here.find((parameter) => !there.includes(parameter));
  if (missing !== undefined) return `it has no parameter ${missing}`;
  if (extra !== undefined) return `it has a parameter ${extra} of its own`;
  return 'its instructions differ';
}
