// Chromium without a window: the one that CHROMIUM names, or the first of its usual names on PATH. Where there is none, its tests are skipped.
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

function find(): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const files = folders.flatMap((folder) => names.map((name) => path.join(folder, name)));
  return [process.env.CHROMIUM, ...files].find((file) => {
    try {
      if (file !== undefined) accessSync(file, constants.X_OK);
      return file !== undefined;
    } catch {
      return false;
    }
  });
}

const executablePath = find();

/** An open page, what it asked for and what it complained of. */
export interface Visit {
  page: Page;
  requests: string[];
  problems: string[];
}

/** Tests in a browser; `visit` opens an address in a new window. */
export function describeInBrowser(name: string, tests: (visit: (address: string) => Promise<Visit>) => void): void {
  describe.skipIf(executablePath === undefined)(name, () => {
    let browser: Browser;
    beforeAll(async () => {
      const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
      browser = await chromium.launch({ executablePath: executablePath as string, args: ['--disable-gpu', ...quiet] });
    });
    afterAll(() => browser?.close());

    tests(async (address) => {
      const page = await browser.newPage();
      const [requests, problems]: string[][] = [[], []];
      page.on('request', (request) => requests?.push(request.url()));
      page.on('console', (message) => message.type() === 'error' && problems?.push(message.text()));
      page.on('pageerror', (error) => problems?.push(error.message));
      await page.goto(address);
      return { page, requests, problems } as Visit;
    });
  });
}
