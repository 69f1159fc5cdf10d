// What a run says of its progress, on a terminal and elsewhere.
import { describe, expect, it } from 'vitest';
import { ProgressLogger, type RunStart, type TrainingMetrics } from '../../lib/index.js';

const record = (steps: number, seconds: number) => ({
  metrics: { steps, seconds, meanReturn: -123.44, approxKl: 0.01234 } as TrainingMetrics,
});

const start = (steps = 0, seconds = 0): RunStart =>
  ({
    iteration: 0,
    steps,
    seconds,
    info: {
      environment: { name: 'Pendulum-v1', count: 64 },
      model: { type: 'ActorCritic', parameters: 12_345 },
      steps: 1_000_000,
      device: 'cpu',
      simd: 'v3',
      threads: 1,
      about: { seed: 7 },
    },
  }) as unknown as RunStart;

function logger(terminal: { isTTY?: boolean; columns?: number }): { logger: ProgressLogger; said: () => string } {
  let text = '';
  const write = (piece: string) => (text += piece);
  return { logger: new ProgressLogger({ write, ...terminal }), said: () => text };
}

describe('on a terminal', () => {
  it('one line is rewritten in place, fits, and ends with a line break', () => {
    const { logger: progress, said } = logger({ isTTY: true, columns: 60 });
    progress.begin(start());
    progress.record(record(250_000, 1));
    progress.record(record(251_000, 1.01));
    progress.record(record(1_000_000, 4));
    const [first, ...pieces] = said().split('\r\x1b[K');
    expect(first).toBe(
      'Training ActorCritic (12.3k parameters) on 64 × Pendulum-v1 for 1.00M steps, seed 7\nDevice cpu (v3, 1 thread)\n',
    );
    expect(pieces).toEqual([
      ' 25 %  250k steps  250k/s  return -123.4  ETA 3 s',
      '100 %  1.00M steps  250k/s  return -123.4  ETA 0 s\n',
    ]);
  });

  it.each([
    [61, ' 25 %  250k steps  250k/s  return -123.4  KL 0.0123  ETA 3 s'],
    [60, ' 25 %  250k steps  250k/s  return -123.4  ETA 3 s'],
    [50, ' 25 %  250k steps  250k/s  return -123.4  ETA 3 s'],
    [49, ' 25 %  250k steps  return -123.4  ETA 3 s'],
    [41, ' 25 %  return -123.4  ETA 3 s'],
    [25, ' 25 %  ETA 3 s'],
    [10, ' 25 %  ET'],
  ])('in %i columns the time left stays longer than the return', (columns, line) => {
    const { logger: progress, said } = logger({ isTTY: true, columns });
    progress.begin(start());
    progress.record(record(250_000, 1));
    expect(said().split('\r\x1b[K').at(-1)).toBe(line);
  });

  it('a bar fills what room there is', () => {
    const { logger: progress, said } = logger({ isTTY: true, columns: 82 });
    progress.begin(start());
    progress.record(record(250_000, 1));
    const line = said().split('\r\x1b[K').at(-1);
    expect(line).toBe(` 25 %  ████${'░'.repeat(15)}  250k steps  250k/s  return -123.4  KL 0.0123  ETA 3 s`);
    expect(line).toHaveLength(81);
  });

  it('makes way for other lines', () => {
    const { logger: progress, said } = logger({ isTTY: true, columns: 70 });
    progress.begin(start());
    progress.record(record(250_000, 1));
    progress.say('a line');
    progress.say('another');
    expect(said().endsWith('ETA 3 s\r\x1b[Ka line\nanother\n')).toBe(true);
  });
});

describe('elsewhere', () => {
  it('lines stay, two seconds apart, the last one in any case', () => {
    const { logger: progress, said } = logger({});
    progress.begin(start());
    for (const [steps, seconds] of [
      [1e5, 1],
      [2e5, 2.5],
      [3e5, 3.2],
      [1e6, 3.3],
    ] as const)
      progress.record(record(steps, seconds));
    const lines = said().trim().split('\n').slice(2);
    expect(lines.map((line) => line.split('  ')[0]?.trim())).toEqual(['10 %', '30 %', '100 %']);
    expect(said()).not.toContain('\x1b');
  });

  it('speed and time left are those of this session', () => {
    const { logger: progress, said } = logger({});
    progress.begin(start(900_000, 5000));
    progress.record(record(910_000, 5010));
    expect(said()).toContain('From step 900k on, training ActorCritic');
    expect(said()).toContain('1000/s');
    expect(said()).toContain('ETA 1 min 30 s');
  });

  it('says how it ended', () => {
    const { logger: progress, said } = logger({});
    progress.begin(start(500_000, 5000));
    const best = { score: 12.34, by: 'evaluation', steps: 800_000 } as const;
    const ended = { iteration: 9, steps: 1_000_000, seconds: 7500, meanReturn: 1, parametersSha256: '' };
    progress.end({ ...ended, status: 'interrupted', best });
    expect(said()).toContain('Interrupted after 1.00M steps in 2 h 05 min, 200 steps/s\n');
    expect(said()).toContain('Best mean return of evaluation: 12.3, at step 800k\n');
  });
});
