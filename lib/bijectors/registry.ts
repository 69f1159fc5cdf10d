// The registry of bijectors by name, and their JSON form. ActionSpace (lib/spaces) is its public face.
import { Registry } from '../core/registry.js';
import type { Bijector } from './bijector.js';

export const registry = new Registry<Bijector>('action space');

/** A registered class by name with the options of its constructor, in which other bijectors appear in the same form. */
export interface BijectorJson {
  type: string;
  kw: Record<string, unknown>;
}
