// Learning rates over the course of training.

export const schedules = ['constant', 'linear', 'cosine'] as const;
export type Schedule = (typeof schedules)[number];

/** Factor of the learning rate at `progress` in [0, 1]: `linear` and `cosine` go from 1 to 0. */
export function factorAt(schedule: Schedule, progress: number): number {
  if (schedule === 'constant') return 1;
  return schedule === 'linear' ? 1 - progress : (1 + Math.cos(Math.PI * progress)) / 2;
}
