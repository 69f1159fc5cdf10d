// Every example runs with its one command, and says what it is meant to say.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

const expected: Record<string, RegExp> = {
  'quick-start': /evaluation: -(1|2)\d\d\.\d ± /,
  'custom-model': /twoeyes: 2435 parameters\n[\s\S]*evaluation: (4[5-9]\d|500)\./,
  'custom-action-space': /least 1\.\d\d W.*most 9\d\.\d\d W\n[\s\S]*"type":"power","kw":\{"low":1,"high":100\}/,
  'save-and-load': /equal bits\nthe loaded sharedactorcritic acts alike: (0 and 0|1 and 1)\n/,
  memory:
    /without a memory: 0\.2\d right .*\nwith a memory: (1\.00|0\.9[5-9]) right\ncarry: h \[2,64\], c \[2,64\]; row 1 is cleared: true/,
  'neural-cde':
    /parameters, a window of 4 observations\nreturn [1-5]\d\d without.*\nt = 3, times in the window: 1, 2, 3, NaN/,
  'environment-in-workers':
    /Drone in 2 workers\nbefore: -\d+\.\d, 95 % interval .*\nafter: 9\d\.\d, 95 % interval 9\d.* to 9/,
  'watch-training':
    /evaluation \d+, the best so far\n[\s\S]*interrupted; a new trainer[\s\S]*100 %[\s\S]*the same as without[\s\S]*best\.safetensors last\.safetensors metrics\.jsonl progress\.csv run\.json summary\.json tensorboard\nreport: .*report\.html\n/,
  'inference-server':
    /6000 answers to 100 clients, \d+\.\d a batch\n[\s\S]*without the server: true\n.*JSON.*\nobservation: expected 4 .*\nclosed: true, code 1001\n/,
  'training-server':
    /running\na run is under way.*\nmany answers meanwhile\ninterrupted\nfrom its file it answers alike: true\nfinished after 303104 steps: mean return (4[5-9]\d|500)\nobservation: expected/,
  'multi-agent': /128 rows, of 4 agents each: north.*\nbefore: -1\.\d per car\nafter: 2\.[2-8] per car/,
  'several-agents':
    /before: -\d+\.\d\n[\s\S]*after: -\d+\.\d\nlengths of four accelerations: 0\.\d+(, 0\.\d+){3}\n401408 observations seen/,
  'own-environment': /before: -[3-9]\d\.\d\nafter: -\d\.\d /,
  'import-from-pytorch': /before: \d+\.\d\nafter: (4[5-9]\d|500)\.\d \(perfect 500\), 0 arrays left over\n/,
  'onnx-for-the-browser':
    /inputs: observation; outputs: action, log_prob, logits, value\n1000 of 1000 actions are those of the native core\n/,
};

describe('npm run example', () => {
  it('knows every file of examples/', () => {
    const files = readdirSync(path.join(root, 'examples')).filter((file) => file.endsWith('.ts'));
    expect(files.map((file) => path.parse(file).name).sort()).toEqual(Object.keys(expected).sort());
  });

  it.each(Object.entries(expected))('-- %s', (name, output) => {
    const script = path.join(root, 'scripts', 'example.mjs');
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, name], { cwd: root, encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(output);
  });

  it('lists the examples where the name is unknown', () => {
    const script = path.join(root, 'scripts', 'example.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, 'fast-start'], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('custom-model');
  });
});
