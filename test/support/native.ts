// The code of what a native call throws, before the loader makes a TorsorError of it.

export function code(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return undefined;
}
