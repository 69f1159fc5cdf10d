// What this machine could do at best, measured: the denominator of `share_of_peak`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** GFLOP/s of multiply-adds on one thread; 0 without a C compiler. */
export function peakGflops() {
  const folder = mkdtempSync(path.join(tmpdir(), 'torsor-peak-'));
  try {
    const program = path.join(folder, 'peak');
    const source = path.join(import.meta.dirname, 'peak.c');
    const compiled = spawnSync(process.env.CC ?? 'cc', ['-O3', '-march=native', '-w', source, '-o', program]);
    if (compiled.status !== 0) return 0;
    return Number(spawnSync(program, { encoding: 'utf8' }).stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
