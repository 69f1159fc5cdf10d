// A file of lines that a run adds to, and that a resumed run first cuts back to where it goes on.
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { string } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { writeWholeFile } from '../io/files.js';

export class LineFile {
  readonly #path: string;

  constructor(file: string) {
    this.#path = path.resolve(string('file', file));
  }

  /** Keeps the lines that `keep` takes, up to the first that it does not; a line that was cut off has no line break and goes. */
  async begin(keep: (line: string, index: number) => boolean): Promise<string[]> {
    return this.#attempt(async () => {
      await mkdir(path.dirname(this.#path), { recursive: true });
      const text = await readFile(this.#path, 'utf8').catch(() => '');
      const whole = text.split('\n').slice(0, -1);
      const end = whole.findIndex((line, index) => !keep(line, index));
      const kept = end < 0 ? whole : whole.slice(0, end);
      await writeWholeFile(this.#path, [new TextEncoder().encode(kept.map((line) => `${line}\n`).join(''))]);
      return kept;
    });
  }

  async add(line: string): Promise<void> {
    await this.#attempt(() => appendFile(this.#path, `${line}\n`));
  }

  async #attempt<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof TorsorError) throw error;
      throw new TorsorError('IO', `${this.#path} could not be written: ${(error as Error).message}`, { cause: error });
    }
  }
}
