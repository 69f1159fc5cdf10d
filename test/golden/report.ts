// What a run of golden files prints: a table per file, or one JSON document.
import path from 'node:path';
import { type Comparison, caseOf, passes, quantityOf } from './compare.js';
import { exitCode, type FileReport } from './runner.js';

/** Error in units of what is accepted: by this the worst quantity is chosen. */
function severity(comparison: Comparison): number {
  if (comparison.unsupported !== undefined) return Number.POSITIVE_INFINITY;
  if (comparison.error <= 0) return 0;
  return comparison.error >= 0 ? comparison.error / comparison.tolerance : Number.POSITIVE_INFINITY;
}

export function worstOf(comparisons: readonly Comparison[]): Comparison | undefined {
  return comparisons.reduce<Comparison | undefined>(
    (worst, comparison) => (worst && severity(worst) >= severity(comparison) ? worst : comparison),
    undefined,
  );
}

/** Our error in units of the reference's own; 0 where both are exact. */
export function ratioOf({ error, referenceError }: Comparison): number {
  return error === 0 ? 0 : error / referenceError;
}

function outcome(comparison: Comparison): string {
  if (comparison.unsupported !== undefined) return `not supported: ${comparison.unsupported}`;
  const result = passes(comparison) ? 'ok' : 'FAIL';
  return comparison.note === undefined ? result : `${result} (${comparison.note})`;
}

const headings = ['case', 'worst quantity', 'error', 'reference', 'ratio', 'tolerance', ''];

function figures({ error, referenceError, tolerance }: Comparison): string[] {
  const power = (x: number): string => (x === 0 ? '0' : Number.isNaN(x) ? '-' : x.toExponential(1));
  const ratio = ratioOf({ error, referenceError } as Comparison);
  return [power(error), power(referenceError), ratio < 1000 ? ratio.toFixed(2) : power(ratio), power(tolerance)];
}

function row(name: string, comparison: Comparison): string[] {
  const numbers = comparison.unsupported === undefined ? figures(comparison) : ['-', '-', '-', '-'];
  return [name, quantityOf(comparison), ...numbers, outcome(comparison)];
}

/** Columns as wide as their widest cell; numbers stand to the right. */
function align(rows: readonly string[][]): string {
  const widths = headings.map((_, column) => Math.max(...rows.map((cells) => (cells[column] as string).length)));
  const cell = (text: string, column: number): string =>
    column >= 2 && column <= 5 ? text.padStart(widths[column] as number) : text.padEnd(widths[column] as number);
  return rows.map((cells) => `  ${cells.map(cell).join('  ')}`.trimEnd()).join('\n');
}

function groupByCase(comparisons: readonly Comparison[]): Map<string, Comparison[]> {
  const groups = new Map<string, Comparison[]>();
  for (const comparison of comparisons) {
    const name = caseOf(comparison);
    groups.set(name, [...(groups.get(name) ?? []), comparison]);
  }
  return groups;
}

const listed = 20;

/** One file: a row for the worst quantity of every case, a row for everything that failed, and what was left out. */
export function table(report: FileReport): string {
  const { comparisons, notCompared } = report;
  const compared = comparisons.filter(({ unsupported }) => unsupported === undefined).length;
  const title = `${path.basename(report.file)} (${report.kind ?? 'unknown'}): ${report.status}, ${compared} compared`;
  const lines = [report.message === undefined ? title : `${title}: ${report.message}`];
  if (comparisons.length > 0) {
    const rows = [...groupByCase(comparisons)].flatMap(([name, group]) => {
      const failed = group.filter((comparison) => !passes(comparison));
      const shown = failed.length > 0 ? failed.slice(0, listed) : [worstOf(group) as Comparison];
      return shown.map((comparison) => row(name, comparison));
    });
    lines.push(align([headings, ...rows]));
  }
  if (notCompared.length > 0) {
    const more = notCompared.length > listed ? ` and ${notCompared.length - listed} more` : '';
    lines.push(`  not compared: ${notCompared.slice(0, listed).join(', ')}${more}`);
  }
  return lines.join('\n');
}

export function summary(reports: readonly FileReport[]): string {
  const count = (status: string): number => reports.filter((report) => report.status === status).length;
  const parts = ['ok', 'FAIL', 'not supported', 'error'].map((status) => `${count(status)} ${status}`);
  return `${reports.length} files: ${parts.join(', ')}`;
}

/** The document of `--json`. Numbers that are not finite are words, as in the files. */
export function document(reports: readonly FileReport[], device: string): string {
  const files = reports.map(({ comparisons, ...report }) => ({
    ...report,
    cases: [...groupByCase(comparisons)].map(([name, group]) => ({ name, quantities: group.map(quantity) })),
  }));
  const plain = (_: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  return JSON.stringify({ device, passed: exitCode(reports) === 0, files }, plain, 1);
}

function quantity(comparison: Comparison): Record<string, unknown> {
  const { error, referenceError, tolerance, unsupported, note } = comparison;
  const name = quantityOf(comparison);
  if (unsupported !== undefined) return { name, status: 'not supported', reason: unsupported };
  return {
    name,
    error,
    referenceError,
    ratio: ratioOf(comparison),
    tolerance,
    status: passes(comparison) ? 'ok' : 'FAIL',
    ...(note && { note }),
  };
}
