// Where this package lies, and its version.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The next folder upwards with a package.json: sources and what they are bundled into lie at different depths. */
export const packageRoot: string = upwards(import.meta.dirname);

function upwards(folder: string): string {
  return existsSync(path.join(folder, 'package.json')) ? folder : upwards(path.dirname(folder));
}

export function torsorVersion(): string {
  return JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')).version;
}
