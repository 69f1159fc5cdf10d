// How long does one step of a neural CDE policy take: window, adaptive solve, sample, log-probability and value, for B environments whose
// windows are full, called from JavaScript?
import { ncdeNetwork } from './workloads.mjs';

export const cases = [64, 1024].map((rows) => ({ name: `B=${rows}`, bench: 'ncde-step', ...ncdeNetwork, rows }));
