// Files that upstream's serialize() wrote, and their indices.
import { readFileSync } from 'node:fs';
import { Box, Discrete } from '../../lib/index.js';
import { type EqxLayout, eqxLayout } from '../../lib/io/eqx-layout.js';

export const eqxFiles = [
  'mlp_box_small.eqx',
  'mlp_box_small_head.eqx',
  'mlp_discrete_small.eqx',
  'ncde_box_small.eqx',
  'ncde_discrete_small.eqx',
] as const;

export interface EqxIndex {
  records: { name: string; offset: number; dtype: string; shape: number[]; first?: (number | boolean)[] }[];
}

export function golden(file: string): { bytes: Uint8Array; index: EqxIndex } {
  const folder = new URL('../golden/lerax/', import.meta.url);
  return {
    bytes: Uint8Array.from(readFileSync(new URL(file, folder))),
    index: JSON.parse(readFileSync(new URL(`${file}.index.json`, folder), 'utf8')),
  };
}

/** Sizes of the policies in the files above. */
export const mlpSizes = {
  observationSpace: new Box(-1, 1, [3]),
  actionSpace: new Box(-1, 1, [2]),
  featureSize: 4,
  featureWidth: 8,
  featureDepth: 2,
  valueWidth: 8,
  valueDepth: 2,
  actionWidth: 8,
  actionDepth: 2,
};

export const ncdeSizes = {
  ...mlpSizes,
  latentSize: 4,
  initialWidth: 8,
  initialDepth: 2,
  fieldWidth: 8,
  fieldDepth: 2,
  historyLength: 4,
};

export function layoutOf(file: string): EqxLayout {
  const actionSpace = file.includes('discrete') ? new Discrete(4) : mlpSizes.actionSpace;
  if (file.startsWith('mlp')) return eqxLayout('mlp', { ...mlpSizes, actionSpace });
  return eqxLayout('ncde', { ...ncdeSizes, actionSpace, historyLength: file.includes('discrete') ? 3 : 4 });
}
