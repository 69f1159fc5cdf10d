// Machines played by the emulated runtime, on which nobody has looked for a library yet.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import { buildEmulated, buildTimeout } from '../parity/emulated.js';

/**
 * For the tests of a file: a folder of theirs, and `machine(environment)`, the library on a new machine where the environment variables `names` are
 * as said, or absent. They are taken back after every test, and so is PATH.
 */
export function machines(...names: string[]) {
  const folder = mkdtempSync(path.join(tmpdir(), 'torsor-machines-'));
  const searchPath = process.env.PATH;
  afterAll(() => rmSync(folder, { recursive: true }));

  let emulated = '';
  beforeAll(async () => {
    emulated = await buildEmulated();
  }, buildTimeout);

  const forget = (): void => {
    for (const name of names) delete process.env[name];
  };
  afterEach(() => {
    process.env.PATH = searchPath;
    delete process.env.TORSOR_CUDA_ADDON;
    forget();
  });

  let count = 0;
  async function machine(environment: Record<string, string>) {
    const addon = path.join(folder, `${count++}.so`);
    copyFileSync(emulated, addon);
    forget();
    Object.assign(process.env, { ...environment, TORSOR_CUDA_ADDON: addon });
    vi.resetModules();
    return await import('../../lib/index.js');
  }
  return { folder, machine };
}
