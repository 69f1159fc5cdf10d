#!/usr/bin/env node
// The command line: `torsor COMMAND`, `torsor --help`.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { unknown } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { torsorVersion } from '../core/package.js';
import '../models/actor-critic.js';
import '../models/lstm-actor-critic.js';
import '../models/min-gru-actor-critic.js';
import '../models/mlp-actor-critic-policy.js';
import '../models/ncde-actor-critic-policy.js';
import '../models/shared-actor-critic.js';
import { type Command, exitCodes } from './command.js';
import { doctorCommand } from './doctor.js';
import { evalCommand } from './eval.js';
import { exportCommand } from './export.js';
import { inspectCommand } from './inspect.js';
import { UsageError } from './options.js';
import { reportCommand } from './report.js';
import { resumeCommand } from './resume.js';
import { trainCommand } from './train.js';

const commands: Readonly<Record<string, Command>> = {
  train: trainCommand,
  resume: resumeCommand,
  eval: evalCommand,
  report: reportCommand,
  inspect: inspectCommand,
  export: exportCommand,
  doctor: doctorCommand,
};

const help = `torsor — reinforcement learning with actor-critic models

${Object.entries(commands)
  .map(([name, { summary }]) => `  torsor ${name.padEnd(8)}  ${summary}`)
  .join('\n')}

  torsor train --env CartPole-v1 --out runs/mine && torsor report runs/mine

  torsor COMMAND --help   what it takes; with --json every command answers in JSON
  torsor --version        the version

Exit codes: 0 well, 1 failed, 2 typed wrong, 130 ended by Ctrl-C and 143 by SIGTERM, with everything saved.`;

/** Runs a command and returns its exit code. Never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (!process.stdout.listeners('error').includes(heardByNobody)) process.stdout.on('error', heardByNobody);
  try {
    if (name === undefined || ['--help', '-h', 'help'].includes(name)) return say(help);
    if (name === '--version') return say(torsorVersion());
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined) throw new UsageError(`there is no command ${unknown(name, Object.keys(commands))}`);
    if (rest.includes('--help') || rest.includes('-h')) return say(command.help);
    return await command.run(rest, process.stdout);
  } catch (error) {
    process.stderr.write(`${describe(error, name)}\n`);
    if (argv.includes('--json')) process.stdout.write(`${JSON.stringify({ event: 'error', ...fields(error) })}\n`);
    return ['USAGE', 'UNKNOWN_NAME'].includes(fields(error).code) ? exitCodes.usage : exitCodes.failed;
  }
}

/** A reader that has gone (`torsor inspect FILE | head`) or a disk that is full ends no command, and no training: the rest is for nobody to hear. */
function heardByNobody(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE' || process.exitCode === exitCodes.failed) return;
  process.exitCode = exitCodes.failed;
  process.stderr.write(`torsor: standard output is lost from here on: ${error.message}\n`);
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return exitCodes.ok;
}

function fields(error: unknown): { code: string; message: string } {
  if (error instanceof UsageError) return { code: 'USAGE', message: error.message };
  const { code, message } = TorsorError.from(error);
  return { code, message };
}

function describe(error: unknown, name = ''): string {
  const { code, message } = fields(error);
  const about = Object.hasOwn(commands, name) ? `${name} ` : '';
  if (code === 'USAGE') return `torsor: ${message}\nTry 'torsor ${about}--help'.`;
  return `torsor: ${code}: ${message}`;
}

const script = process.argv[1];
if (script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url)) {
  const code = await main(process.argv.slice(2));
  process.exitCode ||= code;
}
