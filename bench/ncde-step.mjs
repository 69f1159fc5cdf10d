// How long does one step of a neural CDE policy take: window, solve, sample, log-probability and value, for B environments whose windows are
// full, called from JavaScript?
import { ncdeCases } from './workloads.mjs';

export const cases = ncdeCases('ncde-step');
