// Runs golden files: which kind a file is, what came out of it, and whether all of it was compared.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Device } from '../../lib/addon/load.js';
import { TorsorError } from '../../lib/core/errors.js';
import { type Comparison, passes } from './compare.js';
import { FormatError, validate } from './format.js';
import { kindOf } from './kinds.js';
import { track } from './visits.js';

/** `error` is a file that cannot be read; the others are outcomes of a comparison. */
export type Status = 'ok' | 'FAIL' | 'not supported' | 'error';

export interface FileReport {
  file: string;
  kind: string | null;
  status: Status;
  comparisons: Comparison[];
  /** Paths in the file that no comparison has looked at. */
  notCompared: string[];
  /** Why the status is what it is, where the comparisons do not say it. */
  message?: string;
}

export async function runFile(file: string, device: Device = 'cpu'): Promise<FileReport> {
  const report: FileReport = { file, kind: null, status: 'error', comparisons: [], notCompared: [] };
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
    validate(json);
  } catch (error) {
    return { ...report, message: unreadable(error as NodeJS.ErrnoException) };
  }
  const kind = kindOf(json);
  if (kind === undefined) return { ...report, status: 'not supported', message: 'a file of unknown kind' };
  if (kind.check === undefined) {
    const { missing = kind.name } = kind;
    const message = typeof missing === 'string' ? missing : missing(json as Record<string, unknown>);
    return { ...report, kind: kind.name, status: 'not supported', message };
  }
  const tracked = track(json);
  try {
    report.comparisons = await kind.check(tracked.value, device, path.dirname(file));
  } catch (error) {
    return { ...report, kind: kind.name, ...refused(error) };
  }
  const skipped = report.comparisons.flatMap(({ path: at }) => (at === undefined ? [] : [at]));
  const notCompared = tracked.unread().filter((at) => !skipped.some((whole) => isWithin(at, whole)));
  return { ...report, kind: kind.name, notCompared, status: statusOf(report.comparisons, notCompared) };
}

/** The empty path is the whole file. */
function isWithin(at: string, whole: string): boolean {
  return whole === '' || at === whole || at.startsWith(`${whole}/`);
}

function statusOf(comparisons: Comparison[], notCompared: string[]): Status {
  const failed = comparisons.filter((comparison) => !passes(comparison));
  if (comparisons.length === 0 || notCompared.length > 0) return 'FAIL';
  if (failed.length === 0) return 'ok';
  return failed.every((comparison) => comparison.unsupported !== undefined) ? 'not supported' : 'FAIL';
}

/** A check that did not get to its end: for want of something the file names, or for a mistake. */
function refused(error: unknown): Pick<FileReport, 'status' | 'message'> {
  if (!(error instanceof TorsorError)) return { status: 'FAIL', message: (error as Error).stack ?? String(error) };
  const wanting = error.code === 'UNKNOWN_NAME' || error.code === 'UNKNOWN_OPTION' || error.code === 'UNSUPPORTED';
  return { status: wanting ? 'not supported' : 'FAIL', message: error.message };
}

function unreadable(error: NodeJS.ErrnoException): string {
  if (error instanceof FormatError) return `not a golden file: ${error.message}`;
  if (error instanceof SyntaxError) return `not JSON, or cut short: ${error.message}`;
  if (error.code === 'ENOENT') return 'no such file';
  return error.message;
}

export function exitCode(reports: readonly FileReport[]): number {
  if (reports.some((report) => report.status === 'error')) return 2;
  return reports.length > 0 && reports.every((report) => report.status === 'ok') ? 0 : 1;
}
