// Machines played by the emulated runtime, on which nobody has looked for a library yet.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import type { Model } from '../../lib/index.js';
import { buildEmulated, buildTimeout } from '../parity/emulated.js';

/** Whether the linker knows a library, or it lies at one of `files`: then no machine here is without it. */
export function isKnown(library: string, ...files: string[]): boolean {
  try {
    return execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' }).includes(library) || files.some(existsSync);
  } catch {
    return false;
  }
}

/** A library, the option that asks for it, a model that may, and a call of that model. */
interface Choice {
  option: 'lstm' | 'products';
  library: 'cudnn' | 'cublas';
  name: string;
  options: object;
  run: (model: Model<object>) => void;
}

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
  /** What devices() and an explicit choice say of a library; by default our own kernels run. */
  const problemOf =
    ({ option, library, name, options, run }: Choice) =>
    async (environment: Record<string, string>, problem: string, listed: object = { problem }) => {
      const { devices, Model } = await machine(environment);
      expect(devices()[1]).toMatchObject({ device: 'cuda:0', available: true, [library]: listed });
      const message = `${option}: '${library}' is not available: ${problem}, or use ${option} 'torsor'.`;
      expect(() => Model.create(name, { ...options, [option]: library } as never)).toThrow(
        expect.objectContaining({ code: 'DEVICE_UNAVAILABLE', message }),
      );
      run(Model.create(name, options as never));
    };
  return { folder, machine, problemOf };
}
