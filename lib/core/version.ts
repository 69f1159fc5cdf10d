// The version of this package.
import { createRequire } from 'node:module';

// lib/core and dist/core both lie two folders below package.json.
export const torsorVersion: string = createRequire(import.meta.url)('../../package.json').version;
