// Reading what was typed behind a command, and saying what is wrong with it.
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Something typed wrong: exit code 2, with a hint to --help. */
export class UsageError extends Error {}

export type Options = NonNullable<ParseArgsConfig['options']>;
export type Typed<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; strict: true; allowPositionals: true }>
>;

/** What the options are, and the words beside them, of which there are `words` at most. @throws UsageError */
export function readOptions<O extends Options>(argv: readonly string[], options: O, words = 0): Typed<O> {
  let parsed: Typed<O>;
  try {
    parsed = parseArgs({ args: [...argv], options, strict: true, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const extra = parsed.positionals[words];
  if (extra !== undefined)
    throw new UsageError(`'${extra}' is one word too many; values follow an option, as --env NAME`);
  return parsed;
}

/** @throws UsageError */
export function word(words: readonly string[], what: string): string {
  const [first] = words;
  if (first === undefined) throw new UsageError(`${what} is missing`);
  return first;
}

/** An integer of at least `least`, digits grouped by _ if need be; undefined where none was typed. @throws UsageError */
export function count(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text.replaceAll('_', ''));
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`${name}: expected an integer of at least ${least}, got '${text}'`);
}

/** `KEY=VALUE` pairs; a value that is JSON is read as such, any other is a string. @throws UsageError */
export function assignments(name: string, texts: readonly string[] = []): Record<string, unknown> {
  const pairs = texts.map((text): [string, unknown] => {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`${name}: expected KEY=VALUE, got '${text}'`);
    return [text.slice(0, at), value(text.slice(at + 1))];
  });
  return Object.fromEntries(pairs);
}

function value(text: string): unknown {
  if (text === 'Infinity') return Number.POSITIVE_INFINITY;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
