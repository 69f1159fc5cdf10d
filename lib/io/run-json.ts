// JSON with the numbers it lacks: infinities and NaN are written as strings, and read as numbers again.

const special: Readonly<Record<string, number>> = {
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  NaN: Number.NaN,
};

/** Functions become their source text, so that a reader sees what they did. */
export function runJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_, item) =>
      typeof item === 'function' || (typeof item === 'number' && !Number.isFinite(item)) ? String(item) : item,
    2,
  );
}

export function parseRunJson(text: string): unknown {
  return JSON.parse(text, (_, item) => (typeof item === 'string' ? (special[item] ?? item) : item));
}
