// Whether a model can act in an environment, and memory for what it does there.
import { TorsorError } from '../core/errors.js';
import type { VectorEnvironment } from '../envs/environment.js';
import { NativeVectorEnvironment } from '../envs/native-vector-environment.js';
import type { Model } from '../models/model.js';
import { Box } from '../spaces/box.js';

/** @throws TorsorError INVALID_SHAPE when the sizes or kinds of observations and actions differ. */
export function checkFits(model: Model<object>, environment: VectorEnvironment): void {
  const { discrete, observationSize, actionSize } = model.network;
  const { observationSpace, actionSpace, name } = environment;
  if (observationSize !== observationSpace.size) {
    throw new TorsorError(
      'INVALID_SHAPE',
      `model: takes observations of ${observationSize} numbers, ${name} gives ${observationSpace.size}; set observationSpaceSize`,
    );
  }
  const box = actionSpace instanceof Box;
  const size = box ? actionSpace.size : actionSpace.n;
  if (discrete === box || actionSize !== size) {
    throw new TorsorError(
      'INVALID_SHAPE',
      `model: gives ${kind(discrete, actionSize)}, ${name} takes ${kind(!box, size)}; set discrete and actionSpaceSize`,
    );
  }
}

/** @throws TorsorError INVALID_DEVICE when native environments are on another device than the model that is to act in them. */
export function checkDevice(model: Model<object>, environment: VectorEnvironment): void {
  if (!(environment instanceof NativeVectorEnvironment) || environment.device === model.device) return;
  throw new TorsorError(
    'INVALID_DEVICE',
    `environment: the model is on ${model.device}, ${environment.name} on ${environment.device}; make it with device: '${model.device}'`,
  );
}

function kind(discrete: boolean, size: number): string {
  return discrete ? `one of ${size} discrete actions` : `continuous actions of ${size} numbers`;
}

/** Memory for the actions of `count` environments: floats, or int32 indices. */
export function allocateActions(model: Model<object>, count: number): Float32Array | Int32Array {
  const { discrete, actionSize } = model.network;
  return discrete ? new Int32Array(count) : new Float32Array(count * actionSize);
}
