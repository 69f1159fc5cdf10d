// A model of the reference as ours: its options and parameters in the words of torsor.
import { addon, type DeviceChoice } from '../../lib/addon/load.js';
import '../../lib/models/actor-critic.js';
import '../../lib/models/lstm-actor-critic.js';
import '../../lib/models/min-gru-actor-critic.js';
import '../../lib/models/shared-actor-critic.js';
import { Model } from '../../lib/models/model.js';
import type { ModelOptions } from '../../lib/models/options.js';
import { actionSpace } from './action-space-bijectors.js';

export interface ReferenceModel {
  model: string;
  config: Record<string, unknown>;
  action_space: { type: string; kw: Record<string, unknown> } | null;
}

/** `observation_space_size` to `observationSpaceSize`. */
export function camelCase(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

export function isSupported(model: string): boolean {
  return Model.registered(model) !== undefined;
}

/** Options of the reference that ours do not have: the only cell there is, and a shape that a reset gives. */
export const notOptions = ['cell_type', 'carry_leading_shape'];

export function createModel({ model, config, action_space }: ReferenceModel, device: DeviceChoice): Model {
  const options = Object.fromEntries(
    Object.entries(config).flatMap(([name, value]) => (notOptions.includes(name) ? [] : [[camelCase(name), value]])),
  );
  const space = action_space ? actionSpace(action_space.type, action_space.kw) : null;
  return Model.create(model, { ...(options as unknown as ModelOptions), actionSpace: space, device, key: 1 });
}

/** Parameters that models of the reference have and nothing reads; ours do not have them. */
export function isUnused(name: string, { model, config }: Pick<ReferenceModel, 'model' | 'config'>): boolean {
  // The reference keeps separate heads beside the fused one.
  if (/^(lstm|mingru)actorcritic$/i.test(model) && /^(actor_mu|critic)\./.test(name)) return true;
  if (name === '_log_std') return config.discrete === true || config.actor_sigma_head === true;
  return config.discrete === true && name.startsWith('actor_sigma.');
}

/** Sets every parameter to what `values` has for it, and returns the names of those that only the reference has. */
export function setParameters(
  model: Model,
  reference: Pick<ReferenceModel, 'model' | 'config'>,
  names: readonly string[],
  values: (name: string) => Float32Array,
): string[] {
  const missing = model.parameters.names.filter((name) => !names.includes(name));
  if (missing.length > 0) throw new Error(`the file has no parameter ${missing.join(', ')}`);
  const others: string[] = [];
  for (const name of names) {
    const array = values(name);
    if (model.parameters.names.includes(name)) model.parameters.set(name, array);
    else others.push(name);
  }
  const strange = others.filter((name) => !isUnused(name, reference));
  if (strange.length > 0) throw new Error(`the model has no parameter ${strange.join(', ')}`);
  return others;
}

/** Actions back through the bijector in float64, rounded once: what a policy would have remembered as latent. */
export function latentsOf(model: Model, actions: Float64Array): Float32Array {
  const { bijectors = [] } = model.program.head;
  if (bijectors.length === 0) return Float32Array.from(actions);
  const dims = model.options.actionSpaceSize;
  const chain = bijectors.map((b) => ({ ...b, parameters: b.parameters.map((p) => Float64Array.from(p)) }));
  const latents = new Float64Array(actions.length);
  addon().chain(chain, dims, true, actions, latents, new Float64Array(actions.length / dims));
  return Float32Array.from(latents);
}
