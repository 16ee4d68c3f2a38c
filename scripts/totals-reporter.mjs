/** Vitest reporter: leaves the run's totals in `build/test-totals.json`, for `scripts/check.mjs`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const TOTALS = join(import.meta.dirname, '..', 'build', 'test-totals.json');

/** @typedef {{ passed: number, failed: number, skipped: number }} Totals */

export default class TotalsReporter {
  /**
   * @param {readonly import('vitest/node').TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Totals} */
    const totals = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      // A file that does not load fails without a test.
      totals.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed' || state === 'failed') totals[state]++;
        else totals.skipped++;
      }
    }
    mkdirSync(dirname(TOTALS), { recursive: true });
    writeFileSync(TOTALS, JSON.stringify(totals));
  }
}
