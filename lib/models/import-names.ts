// Which arrays become which parameters: the option `names` of `importParameters`, checked.
import { required, show, unknown } from '../core/check.js';
import { TorsorError } from '../core/errors.js';

/** An array by its name, or several that lie side by side in the parameter: one behind the other along its last axis. */
export type ArrayName = string | { readonly concat: readonly string[] };

/** Names of arrays side by side; one is whole. */
export type Term = readonly string[];

/** A parameter and the terms it is the sum of. */
export interface Assignment {
  parameter: string;
  terms: readonly Term[];
}

/** Parameters with the arrays they come from, without those that stay. */
export function checkNames(parameters: readonly string[], given: unknown): Assignment[] {
  required('importParameters', 'names', given);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TorsorError('INVALID_ARGUMENT', `names: expected an array's name for each parameter, got ${show(given)}`);
  }
  const names = given as Record<string, unknown>;
  const strange = Object.keys(names).find((name) => !parameters.includes(name));
  if (strange !== undefined) {
    throw new TorsorError('UNKNOWN_NAME', `names: no parameter is named ${unknown(strange, parameters)}`);
  }
  return parameters.flatMap((parameter) => {
    const of = names[parameter];
    if (of === null) return [];
    if (of === undefined) {
      throw new TorsorError(
        'MISSING_OPTION',
        `names: expected the name of an array for parameter ${show(parameter)}, or null to leave it as it is`,
      );
    }
    const terms = (Array.isArray(of) ? of : [of]).map(termOf);
    if (terms.length > 0 && terms.every((term) => term !== undefined)) return [{ parameter, terms }];
    throw new TorsorError(
      'INVALID_ARGUMENT',
      `names.${parameter}: expected the name of an array, {concat: names}, a list of these to add up, or null, got ${show(of)}`,
    );
  });
}

function termOf(value: unknown): Term | undefined {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'concat') return undefined;
  const { concat } = value as { concat: unknown };
  const fits = Array.isArray(concat) && concat.length > 0 && concat.every((name) => typeof name === 'string');
  return fits ? concat : undefined;
}
