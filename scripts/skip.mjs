// Exit code of a check that cannot be made here (automake's convention); scripts/check.mjs counts it as skipped.
export const skipped = 77;

export function skip(reason) {
  console.log(`skipped: ${reason}`);
  process.exit(skipped);
}
