// Closes a test run with one plain line, `N passed, N failed[, N skipped]`, or leaves the numbers in the file TORSOR_TALLY names.
import { writeFileSync } from 'node:fs';

export default class Tally {
  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      const tests = [...module.children.allTests()];
      // A file that fails before its first test is registered (a syntax error, a missing import) counts as one failure.
      if (tests.length === 0 && module.state() === 'failed') count.failed++;
      for (const test of tests) {
        const { state } = test.result();
        count[state === 'passed' || state === 'failed' ? state : 'skipped']++;
      }
    }
    if (process.env.TORSOR_TALLY) writeFileSync(process.env.TORSOR_TALLY, JSON.stringify(count));
    else
      console.log(
        `${count.passed} passed, ${count.failed} failed${count.skipped > 0 ? `, ${count.skipped} skipped` : ''}`,
      );
  }
}
