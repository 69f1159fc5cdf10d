// The lines of a file, however long it is: a string has a greatest length, and a file of lines has not.
import { createReadStream } from 'node:fs';

const lineBreak = 0x0a;

/** Each line without its break, and the offset in bytes at which the next one begins. What follows the last break was cut off and is left out. */
export async function* readLines(file: string): AsyncGenerator<{ line: string; end: number }, void, undefined> {
  let end = 0;
  let begun: Buffer[] = [];
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let at = chunk.indexOf(lineBreak); at >= 0; at = chunk.indexOf(lineBreak, from)) {
      const bytes = Buffer.concat([...begun, chunk.subarray(from, at)]);
      begun = [];
      from = at + 1;
      end += bytes.length + 1;
      yield { line: bytes.toString('utf8'), end };
    }
    begun.push(chunk.subarray(from));
  }
}
