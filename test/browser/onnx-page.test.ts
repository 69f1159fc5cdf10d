// The page of examples/onnx-for-the-browser.ts, in a real browser: onnxruntime-web plays there with a policy that was trained here.
/// <reference lib="dom" />
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Model, NativeVectorEnvironment, PPO } from '../../lib/index.js';
import { describeInBrowser } from './chromium.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-page-'));
const types: Record<string, string> = { '.html': 'text/html', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
let server: Server;

beforeAll(async () => {
  const model = Model.create('SharedActorCritic', {
    ...{ observationSpaceSize: 4, actionSpaceSize: 2, discrete: true },
    ...{ architecture: [32, 32], key: 2 },
  });
  const environment = new NativeVectorEnvironment({ name: 'CartPole-v1', count: 64, key: 1 });
  const trainer = new PPO({ model, environment, key: 3, horizon: 64, learningRate: 2e-3, rewardScale: 0.1 });
  for await (const _ of trainer.run({ steps: 200_000 }));
  await model.exportOnnx(path.join(folder, 'policy.onnx'));
  const runtime = fileURLToPath(new URL('.', import.meta.resolve('onnxruntime-web')));
  for (const name of ['ort.wasm.bundle.min.mjs', 'ort-wasm-simd-threaded.wasm'])
    copyFileSync(path.join(runtime, name), path.join(folder, name));
  copyFileSync('examples/data/onnx-for-the-browser.html', path.join(folder, 'index.html'));
  server = createServer(({ url = '/' }, response) => {
    const name = url === '/' ? 'index.html' : path.basename(url);
    try {
      const bytes = readFileSync(path.join(folder, name));
      response.setHeader('content-type', types[path.extname(name)] ?? 'application/octet-stream').end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

describeInBrowser('a policy on a web page', (visit) => {
  it('keeps the pole up', async () => {
    const { page, problems } = await visit(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    // Chance lets it fall after about 22 steps.
    await page.waitForFunction(() => Number.parseInt(document.getElementById('score')?.textContent ?? '', 10) > 150);
    expect(problems.filter((problem) => !problem.includes('404'))).toEqual([]);
  });
});
