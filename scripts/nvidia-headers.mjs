// The headers of NVIDIA's libraries, for the check of our own declarations against them: taken out of the wheels on PyPI and kept in .cuda/
// (git-ignored).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from './setup.mjs';

/** Name of the library: its wheel, the folder above `include` in there, and one of its headers. */
const libraries = {
  cuDNN: { wheel: 'nvidia-cudnn-cu13==9.24.0.43', folder: 'nvidia/cudnn', header: 'cudnn_adv.h' },
  cuBLASLt: { wheel: 'nvidia-cublas==13.1.1.3', folder: 'nvidia/cu13', header: 'cublasLt.h' },
};

const extract = `
import glob, sys, zipfile
with zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0]) as wheel:
    wheel.extractall(sys.argv[2], [name for name in wheel.namelist() if name.startswith(sys.argv[3])])
`;

/** The folder of a library's headers; null where they cannot be had. */
export function headersOf(library) {
  const { wheel, folder, header } = libraries[library];
  const kept = path.join(root, '.cuda');
  const include = path.join(kept, folder, 'include');
  if (existsSync(path.join(include, header))) return include;
  const download = mkdtempSync(path.join(tmpdir(), 'torsor-headers-'));
  const python = (...args) => spawnSync('python3', args, { stdio: 'ignore' }).status === 0;
  try {
    const pip = ['-m', 'pip', 'download', '--retries', '0', '--no-deps', '--only-binary=:all:', '-d', download, wheel];
    return python(...pip) && python('-c', extract, download, kept, `${folder}/include/`) ? include : null;
  } finally {
    rmSync(download, { recursive: true, force: true });
  }
}
