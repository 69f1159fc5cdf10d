// The page of examples/onnx-for-the-browser.ts, in a real browser: onnxruntime-web plays there with the policy that the example trained.
/// <reference lib="dom" />
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from './chromium.js';

const folder = mkdtempSync(path.join(tmpdir(), 'torsor-page-'));
const types: Record<string, string> = { '.html': 'text/html', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
let server: Server;

beforeAll(async () => {
  const example = spawnSync(process.execPath, ['scripts/example.mjs', 'onnx-for-the-browser'], {
    env: { ...process.env, RUN_FOLDER: folder },
    encoding: 'utf8',
  });
  expect(example.status, example.stderr).toBe(0);
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
