// Files that lerax reads: the parameters of a policy over spaces as an .eqx file.
import { boolean, options as checkOptions, oneOf } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { eqxDigest, eqxPath } from '../io/eqx.js';
import { type EqxLayout, type EqxSizes, eqxLayout } from '../io/eqx-layout.js';
import { readEqxParameters, writeEqxParameters } from '../io/eqx-parameters.js';
import { readWholeFile, writeWholeFile } from '../io/files.js';
import type { Parameters } from './parameters.js';
import type { Spaces } from './space-options.js';

/** How `serialize` writes an `.eqx` file. */
export interface SerializeOptions {
  /** Leaves a suffix that is not `.eqx` as it is, instead of replacing it. Default: false. */
  noSuffix?: boolean;
  /**
   * `doc`: records alone, with sizes among them, as lerax 0.0.4 reads them. `head`: behind a digest and without sizes, as later versions do,
   * which had no NCDEActorCriticPolicy any more. Default: that of the file the policy was read from, or else `doc`.
   */
  layout?: 'doc' | 'head';
  /** For `head`: the first 32 bytes of a file of such a policy, a hash of how Python prints it. Default: those of the file it was read from. */
  digest?: Uint8Array | null;
}

/** A policy as its files see it. */
export interface FiledPolicy extends Spaces {
  readonly kind: keyof EqxSizes;
  readonly options: { readonly oneHot: boolean; readonly normalizeObservations: boolean };
  readonly parameters: Parameters;
}

function layoutOf({ kind, options, observationSpace, actionSpace }: FiledPolicy): EqxLayout {
  if (options.oneHot) {
    throw new TorsorError('UNSUPPORTED', 'files of lerax hold no policies that see choices one-hot; save keeps any');
  }
  if (options.normalizeObservations) {
    throw new TorsorError('UNSUPPORTED', 'files of lerax hold no statistics of observations; save keeps them');
  }
  return eqxLayout(kind, { ...options, observationSpace, actionSpace } as unknown as EqxSizes['mlp'] &
    EqxSizes['ncde']);
}

/** Returns the path written. `known` is the digest of the file the policy was read from. */
export async function writePolicy(
  policy: FiledPolicy,
  path: string,
  given: SerializeOptions,
  known: Uint8Array | null,
): Promise<string> {
  const options = checkOptions('serialize', given, ['noSuffix', 'layout', 'digest']) as SerializeOptions;
  const digest = options.digest ?? known;
  const layout = oneOf('layout', options.layout ?? (digest === null ? 'doc' : 'head'), ['doc', 'head']);
  if (layout === 'head' && digest === null) {
    throw new TorsorError('MISSING_OPTION', "layout 'head' needs the digest of a file of such a policy");
  }
  policy.parameters.checkFinite();
  const { names } = policy.parameters;
  const arrays = new Map(names.map((name) => [name, policy.parameters.get(name)]));
  const bytes = writeEqxParameters(arrays, layoutOf(policy), { digest: layout === 'head' ? digest : null });
  const target = eqxPath(path, boolean('noSuffix', options.noSuffix ?? false));
  await writeWholeFile(target, [bytes], { createFolders: true });
  return target;
}

/** Fills in the parameters and returns the digest of the file. All of it is checked before the first is set. */
export async function readPolicy(policy: FiledPolicy, path: string): Promise<Uint8Array | null> {
  const source = eqxPath(path, true);
  const bytes = await readWholeFile(source);
  const arrays = readEqxParameters(bytes, layoutOf(policy), source);
  try {
    for (const [name, values] of arrays) policy.parameters.check(name, values);
  } catch (error) {
    const { code, message } = TorsorError.from(error);
    throw new TorsorError(code, `${source}: ${message}`, { cause: error });
  }
  for (const [name, values] of arrays) policy.parameters.set(name, values);
  return eqxDigest(bytes);
}
