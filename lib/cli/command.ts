// What a command of the command line is, and the exit codes all of them share.
import type { Output } from '../runs/progress-logger.js';

export const exitCodes = {
  ok: 0,
  /** Something went wrong; it is said on standard error. */
  failed: 1,
  /** Something was typed wrong, here or in a configuration file. */
  usage: 2,
  /** Ended by Ctrl-C (128 + SIGINT) or by SIGTERM, with everything saved. */
  interrupted: 130,
  terminated: 143,
} as const;

export interface Command {
  /** One line for the list of commands. */
  summary: string;
  /** What --help says. */
  help: string;
  /** Runs with what was typed behind its name, and returns an exit code. Throws UsageError or TorsorError. */
  run(argv: readonly string[], output: Output): Promise<number>;
}
