#!/usr/bin/env node
// The command line: `torsor train`, `torsor --help`.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TorsorError } from '../core/errors.js';
import '../models/actor-critic.js';
import '../models/lstm-actor-critic.js';
import '../models/min-gru-actor-critic.js';
import '../models/mlp-actor-critic-policy.js';
import '../models/ncde-actor-critic-policy.js';
import '../models/shared-actor-critic.js';
import { help, type TrainArguments, trainArguments, UsageError } from './arguments.js';
import { jsonReporter, textReporter } from './report.js';
import { train } from './train.js';

/** Runs a command and returns its exit code: 0, 1 for an error, 2 for something typed wrong. Never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    const [command, ...rest] = argv;
    if (command === undefined || command === '--help' || command === '-h' || command === 'help') return say(help);
    if (command !== 'train') throw new UsageError(`there is no command '${command}'; there is: train`);
    const args = trainArguments(rest);
    if (args === 'help') return say(help);
    return await interruptible(args);
  } catch (error) {
    process.stderr.write(`${describe(error)}\n`);
    if (argv.includes('--json')) process.stdout.write(`${JSON.stringify({ event: 'error', ...fields(error) })}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** The first Ctrl-C ends training in order; a second one ends the process, as it would without us. */
async function interruptible(args: TrainArguments): Promise<number> {
  const controller = new AbortController();
  const interrupt = (): void => controller.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const reporter = (args.json ? jsonReporter : textReporter)(process.stdout);
    await train(args, reporter, controller.signal);
    return 0;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function fields(error: unknown): { code: string; message: string } {
  if (error instanceof UsageError) return { code: 'USAGE', message: error.message };
  const { code, message } = TorsorError.from(error);
  return { code, message };
}

function describe(error: unknown): string {
  const { code, message } = fields(error);
  if (code === 'USAGE') return `torsor: ${message}\nTry 'torsor train --help'.`;
  return `torsor: ${code}: ${message}`;
}

const script = process.argv[1];
if (script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url)) {
  process.exitCode = await main(process.argv.slice(2));
}
