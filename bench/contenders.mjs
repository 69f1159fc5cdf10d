// Contenders as long-lived child processes that speak JSON lines: {version} when ready, then {prepare: case} → {check: numbers},
// {measure: seconds} → {wall, cpu: microseconds per call}, or {error} for either.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

const peers = path.join(import.meta.dirname, 'peers');

// The peers allocate and free their intermediates at every call. Left alone, glibc gives large ones back to the system each time and
// faults them in again; keeping them makes the peers up to 2.5 times faster, which is how somebody who cares would run them.
const keepMemory = { MALLOC_MMAP_MAX_: '0', MALLOC_TRIM_THRESHOLD_: '17179869184', MALLOC_TOP_PAD_: '268435456' };

/** What there is to compare on a device: command lines by name. Torsor comes first. */
export function contenders(threads, device) {
  const python = process.env.TORSOR_PEERS_PYTHON ?? 'python3';
  const folder = path.resolve(process.env.TORSOR_PEERS_NODE ?? path.join(import.meta.dirname, '..'));
  const script = (name) => path.join(peers, name);
  const count = String(threads);
  const both = {
    torsor: [process.execPath, script('torsor.mjs'), count, device],
    torch: [python, script('torch_peer.py'), 'eager', count, device],
    'torch-compile': [python, script('torch_peer.py'), 'compile', count, device],
  };
  const jax = [python, script('jax_peer.py'), count, device];
  if (device === 'cuda')
    return { ...both, 'torch-graphs': [python, script('torch_peer.py'), 'graphs', count, device], jax };
  return {
    ...both,
    bare: [process.execPath, script('bare-environments.mjs')],
    'lock-step': [process.execPath, script('lock-step.mjs'), count],
    gymnasium: [python, script('gymnasium_peer.py'), count],
    jax,
    onnxruntime: [process.execPath, script('onnxruntime-peer.mjs'), folder, count],
    'tfjs-wasm': [process.execPath, script('tfjs-peer.mjs'), folder, 'wasm', count],
    'tfjs-cpu': [process.execPath, script('tfjs-peer.mjs'), folder, 'cpu', count],
  };
}

export class Contender {
  #child;
  #lines;
  #stderr = '';

  constructor(name, [command, ...args], threads) {
    this.name = name;
    const limits = {
      OMP_NUM_THREADS: String(threads),
      MKL_NUM_THREADS: String(threads),
      OPENBLAS_NUM_THREADS: String(threads),
    };
    const env = name === 'torsor' ? process.env : { ...process.env, ...limits, ...keepMemory };
    this.#child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.on('error', (error) => {
      this.#stderr += error.message;
    });
    this.#child.stdin.on('error', () => {}); // it died: the next answer says so
    this.#child.stderr.on('data', (text) => {
      this.#stderr = (this.#stderr + text).slice(-4000);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async #answer() {
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done)
        throw new Error(
          this.#stderr
            .trim()
            .split('\n')
            .findLast((line) => /error|cannot find|ENOENT/i.test(line)) ?? 'it ended',
        );
      if (value.startsWith('{')) return JSON.parse(value); // libraries greet on standard output
    }
  }

  /** The version it runs; throws where it is not installed. */
  async start() {
    this.version = (await this.#answer()).version;
  }

  async ask(request) {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = await this.#answer();
    if (answer.error) throw new Error(answer.error);
    return answer;
  }

  stop() {
    this.#child.kill();
  }
}
