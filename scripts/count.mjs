// Adds up what .ci/run did. Arguments: the vitest report, the report of check.mjs, and the exit codes of both runs; then, if the
// native backend was tested too, the vitest report and the exit code of that.
// Prints `N passed, N failed`; exits 1 if anything failed, a tool that broke off without a report included.
import { readFileSync } from 'node:fs';

function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Counts of a vitest report. A file that could not be loaded has no tests and counts as one failure. */
function countTests({ testResults, numPassedTests, numFailedTests }) {
  const unloadable = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return { passed: numPassedTests, failed: numFailedTests + unloadable.length };
}

/** Counts of a report of check.mjs: a list of `{ name, ok }`. */
function countChecks(checks) {
  return { passed: checks.filter(({ ok }) => ok).length, failed: checks.filter(({ ok }) => !ok).length };
}

/** Counts of one run. A run without a report, or one that ended badly with nothing failed in it, is one failure. */
function countRun(path, code, counter) {
  const report = read(path);
  const counts = report ? counter(report) : { passed: 0, failed: 1 };
  return code !== '0' && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

const [testReport, checkReport, testCode, checkCode, nativeReport, nativeCode] = process.argv.slice(2);
const tests = countRun(testReport, testCode, countTests);
const checks = countRun(checkReport, checkCode, countChecks);
const native = nativeReport === undefined ? { passed: 0, failed: 0 } : countRun(nativeReport, nativeCode, countTests);
const failed = tests.failed + checks.failed + native.failed;
console.log(`${tests.passed + checks.passed + native.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
