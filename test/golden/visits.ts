// Which parts of a file a check has read. What was never read was not compared, whatever the check says of itself.
import { isArray, isObject } from './format.js';

/** A list of numbers, words or lists of them is one quantity; a list with objects in it is a list of cases. */
function isLeaf(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isLeaf);
  return !isObject(value);
}

export interface Tracked {
  /** The file, to be read as if it were the file itself. */
  value: unknown;
  /** Paths that nobody has read, in the order of the file. */
  unread(): string[];
}

/** Watches a parsed file. In an array of the format only `data` counts. */
export function track(root: unknown): Tracked {
  const proxies = new WeakMap<object, object>();
  const read = new WeakMap<object, Set<string>>();

  const wrap = (value: object): object => {
    const known = proxies.get(value);
    if (known) return known;
    const seen = new Set<string>();
    const proxy = new Proxy(value, {
      get(target, key) {
        const child: unknown = Reflect.get(target, key);
        if (typeof key === 'symbol' || typeof child === 'function') return child;
        if (!isLeaf(child)) return wrap(child as object);
        seen.add(key);
        return child;
      },
    });
    proxies.set(value, proxy);
    read.set(value, seen);
    return proxy;
  };

  const visit = (value: object, path: string): string[] => {
    if (isArray(value)) return read.get(value)?.has('data') ? [] : [path];
    return Object.entries(value).flatMap(([key, child]) => {
      const at = path === '' ? key : `${path}/${key}`;
      if (child === null) return []; // says that there is nothing
      if (!isLeaf(child)) return visit(child as object, at);
      return read.get(value)?.has(key) ? [] : [at];
    });
  };

  if (isLeaf(root)) return { value: root, unread: () => [] };
  return { value: wrap(root as object), unread: () => visit(root as object, '') };
}
