// The one command before a commit: everything that .ci/run checks. Prints a line for each check, and what a check
// said only if it failed.
//
//   --fast         leave out the mutations and the package checks
//   --no-tests     leave out the tests
//   --json <file>  also write the results there, as a list of { name, ok }
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as checks from './lib/checks.mjs';
import { mutationChecks } from './mutations.mjs';

const { values: options } = parseArgs({
  options: { fast: { type: 'boolean' }, 'no-tests': { type: 'boolean' }, json: { type: 'string' } },
});

/** Name and function of each check; a function may give several results, each with its own name. */
const STEPS = [
  ['format and lint', checks.formatAndLint],
  ['import directions', checks.importDirections],
  ['no tfjs outside numerics', checks.onlyOwnOps],
  ['file lengths', checks.fileLengths],
  ['types of packages', checks.packageTypes],
  ['types of tests', checks.testTypes],
  ...(options['no-tests'] ? [] : [['tests and README examples', checks.tests]]),
  ...(options.fast ? [] : [['packages', checks.packageChecks]]),
  ...(options.fast ? [] : [['mutations', mutationChecks]]),
];

async function attempt(name, check) {
  try {
    const found = await check();
    return Array.isArray(found) ? found : [{ name, ...found }];
  } catch (error) {
    return [{ name, ok: false, output: `the check itself broke off: ${error?.stack ?? error}` }];
  }
}

const results = [];
for (const [name, check] of STEPS) {
  const began = Date.now();
  const outcomes = await attempt(name, check);
  const seconds = ((Date.now() - began) / 1000 / outcomes.length).toFixed(1);
  for (const outcome of outcomes) {
    results.push({ name: outcome.name, ok: outcome.ok });
    console.log(`${outcome.ok ? 'pass' : 'FAIL'}  ${`${seconds} s`.padStart(8)}  ${outcome.name}`);
    if (outcome.warning) console.log(`      warning: ${outcome.warning}`);
    if (!outcome.ok) console.log(`\n${(outcome.output ?? '').trimEnd()}\n`);
  }
}

if (options.json) writeFileSync(options.json, JSON.stringify(results));
const failed = results.filter(({ ok }) => !ok).map(({ name }) => name);
console.log(failed.length === 0 ? 'All checks passed.' : `Failed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
