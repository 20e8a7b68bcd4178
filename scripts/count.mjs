// Adds up what .ci/run did. Arguments: the vitest report, the report of check.mjs, and the exit codes of both runs.
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
function countTests(report) {
  if (!report) return { passed: 0, failed: 0 };
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + unloadable.length };
}

/** Counts of a report of check.mjs: a list of `{ name, ok }`. */
function countChecks(report) {
  const checks = report ?? [];
  return { passed: checks.filter(({ ok }) => ok).length, failed: checks.filter(({ ok }) => !ok).length };
}

/** A run that ended badly without a failure in its report is one failure more. */
function withExit(counts, code) {
  return code !== '0' && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

const [testReport, checkReport, testCode, checkCode] = process.argv.slice(2);
const tests = withExit(countTests(read(testReport)), testCode);
const checks = withExit(countChecks(read(checkReport)), checkCode);
const failed = tests.failed + checks.failed;
console.log(`${tests.passed + checks.passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
