// Configuration files of `torsor train`: JSON whose mistakes are named with the file and the key.
import {
  boolean,
  options as checkOptions,
  nonNegativeInteger,
  object,
  positiveInteger,
  string,
} from '../core/check.js';
import { readWholeFile } from '../io/files.js';
import { parseRunJson } from '../io/run-json.js';
import { ppoDefaults } from '../training/ppo-settings.js';
import { UsageError } from './options.js';

/** Everything may be left out. */
export interface Config {
  env?: string;
  model?: string;
  modelOptions?: Record<string, unknown>;
  preset?: string;
  seed?: number;
  steps?: number;
  environments?: number;
  device?: string;
  out?: string;
  checkpointEvery?: number;
  keepAll?: boolean;
  evalEpisodes?: number;
  settings?: Record<string, unknown>;
}

type Check = (name: string, value: unknown) => unknown;

const checks: Record<keyof Config, Check> = {
  env: string,
  model: string,
  modelOptions: object,
  preset: string,
  seed: nonNegativeInteger,
  steps: positiveInteger,
  environments: positiveInteger,
  device: string,
  out: string,
  checkpointEvery: positiveInteger,
  keepAll: boolean,
  evalEpisodes: nonNegativeInteger,
  settings: (name, value) => checkOptions(name, object(name, value), Object.keys(ppoDefaults)),
};

/** @throws UsageError for what is wrong in the file, TorsorError IO where it cannot be read. */
export async function readConfig(file: string): Promise<Config> {
  const text = new TextDecoder().decode(await readWholeFile(file));
  try {
    const config = checkOptions('the configuration', object('the configuration', parse(text)), Object.keys(checks));
    for (const [key, value] of Object.entries(config)) checks[key as keyof Config](key, value);
    return config;
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
}

/** Infinity is written as "Infinity". */
function parse(text: string): unknown {
  try {
    return parseRunJson(text);
  } catch (error) {
    throw new UsageError(`this is not JSON: ${(error as Error).message}`);
  }
}
