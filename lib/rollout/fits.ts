// Whether a model can act in an environment, and memory for what it does there.
import { invalid, positiveInteger, required, string } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { choicesOf } from '../envs/check-action.js';
import { isActionSpace } from '../envs/check-spaces.js';
import type { VectorEnvironment } from '../envs/environment.js';
import { NativeVectorEnvironment } from '../envs/native-vector-environment.js';
import { Model } from '../models/model.js';
import { Box } from '../spaces/box.js';

/** @throws TorsorError unless `what`, a function or class, was given a model and a vector of environments. */
export function checkParts(what: string, model: unknown, environment: unknown): void {
  required(what, 'model', model);
  required(what, 'environment', environment);
  if (!(model instanceof Model)) throw invalid('model', 'one of Model.create or Model.load', model);
  const { observe, reset, step, name, count, observationSpace, actionSpace } = (environment ?? {}) as VectorEnvironment;
  const steps = [observe, reset, step].every((method) => typeof method === 'function');
  if (!steps)
    throw invalid('environment', 'a VectorEnvironment, as SyncVectorEnvironment makes of single ones', environment);
  string('name of environment', name);
  positiveInteger('count of environment', count);
  if (!(observationSpace instanceof Box)) throw invalid('observationSpace of environment', 'a Box', observationSpace);
  if (!isActionSpace(actionSpace)) {
    throw invalid('actionSpace of environment', 'a Box, Discrete, MultiDiscrete or MultiBinary', actionSpace);
  }
}

/** @throws TorsorError INVALID_SHAPE when the sizes or kinds of observations and actions differ. */
export function checkFits(model: Model<object>, environment: VectorEnvironment): void {
  const { observationSize, actions } = model.network;
  const { observationSpace, actionSpace, name } = environment;
  if (observationSize !== observationSpace.size) {
    throw new TorsorError(
      'INVALID_SHAPE',
      `model: takes observations of ${observationSize} numbers, ${name} gives ${observationSpace.size}; set observationSpaceSize`,
    );
  }
  const choices = choicesOf(actionSpace);
  if (String(choices) !== String(actions.choices) || actionSpace.size !== actions.size) {
    const several = (choices?.length ?? 0) > 1;
    const remedy = several ? 'its policy has to be multiCategorical or bernoulli' : 'set discrete and actionSpaceSize';
    throw new TorsorError(
      'INVALID_SHAPE',
      `model: gives ${kind(actions)}, ${name} takes ${kind({ choices, size: actionSpace.size })}; ${remedy}`,
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

function kind({ choices, size }: { choices: readonly number[] | null; size: number }): string {
  if (choices === null) return `continuous actions of ${size} numbers`;
  return size === 1
    ? `one of ${choices[0]} discrete actions`
    : `${size} discrete actions of ${choices.join(', ')} choices`;
}

/** Memory for the actions of `count` environments: floats, or int32 indices. */
export function allocateActions(model: Model<object>, count: number): Float32Array | Int32Array {
  const { discrete, actions } = model.network;
  return new (discrete ? Int32Array : Float32Array)(count * actions.size);
}
