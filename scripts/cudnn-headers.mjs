// The headers of cuDNN, for the check of our own declarations against them: taken out of the wheel on PyPI and kept in .cuda/ (git-ignored).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from './setup.mjs';

const wheel = 'nvidia-cudnn-cu13==9.24.0.43';
const extract = `
import glob, sys, zipfile
with zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0]) as wheel:
    wheel.extractall(sys.argv[2], [name for name in wheel.namelist() if name.startswith('nvidia/cudnn/include/')])
`;

/** The folder above `include`; null where they cannot be had. */
export function cudnnHeaders() {
  const kept = path.join(root, '.cuda');
  const folder = path.join(kept, 'nvidia', 'cudnn');
  if (existsSync(path.join(folder, 'include', 'cudnn_adv.h'))) return folder;
  const download = mkdtempSync(path.join(tmpdir(), 'torsor-cudnn-'));
  const python = (...args) => spawnSync('python3', args, { stdio: 'ignore' }).status === 0;
  try {
    const pip = ['-m', 'pip', 'download', '--retries', '0', '--no-deps', '--only-binary=:all:', '-d', download, wheel];
    return python(...pip) && python('-c', extract, download, kept) ? folder : null;
  } finally {
    rmSync(download, { recursive: true, force: true });
  }
}
