// A file of lines that a run adds to, and that a resumed run first cuts back to where it goes on.
import { appendFile, open } from 'node:fs/promises';
import path from 'node:path';
import { string } from '../core/check.js';
import { TorsorError } from '../core/errors.js';
import { makeFolder } from '../io/files.js';
import { readLines } from './lines.js';

export class LineFile {
  readonly #path: string;

  constructor(file: string) {
    this.#path = path.resolve(string('file', file));
  }

  /**
   * Keeps the lines that `keep` takes, up to the first that it does not; a line that was cut off has no line break and goes. What cannot be read
   * stays as it is.
   *
   * @throws TorsorError IO
   */
  async begin(keep: (line: string, index: number) => boolean): Promise<void> {
    await this.#attempt(async () => {
      await makeFolder(path.dirname(this.#path));
      const file = await open(this.#path, 'a');
      try {
        let kept = 0;
        let index = 0;
        for await (const { line, end } of readLines(this.#path)) {
          if (!keep(line, index++)) break;
          kept = end;
        }
        await file.truncate(kept);
        await file.sync();
      } finally {
        await file.close();
      }
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
