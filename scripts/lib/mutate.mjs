import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { capture, tool } from './process.mjs';
import { ROOT } from './workspace.mjs';

/**
 * @typedef {object} Mutation A deliberate mistake, which the tests named must notice.
 * @property {string} name What is made wrong.
 * @property {string} file The source to change, from the root.
 * @property {string} find Text that occurs in it exactly once.
 * @property {string} replace What stands there instead.
 * @property {readonly string[]} tests The test files that must fail, from the root.
 */

/**
 * The source with the mistake in it.
 *
 * @param {Mutation} mutation
 * @param {string} source
 * @throws Error unless the text to be replaced occurs exactly once.
 */
export function mutated({ name, file, find, replace }, source) {
  const found = source.split(find).length - 1;
  if (found !== 1) {
    throw new Error(
      `mutation '${name}': expected this text exactly once in ${file}, found it ${found} times: ${find}\n` +
        'The source has changed: bring scripts/mutations.mjs up to date.',
    );
  }
  return source.replace(find, () => replace);
}

let runs = 0;

/** Runs test files, with one mutation applied or none. Returns what mutations.vitest.config.ts recorded. */
async function runTests(tests, mutation) {
  runs += 1;
  const record = join(tmpdir(), `innerloop-mutation-${process.pid}-${runs}.json`);
  try {
    const { output } = await capture(
      process.execPath,
      [tool('vitest'), 'run', '--config', 'scripts/mutations.vitest.config.ts', ...tests],
      { env: { MUTATION: mutation ? JSON.stringify(mutation) : '', MUTATION_RECORD: record }, timeout: 300_000 },
    );
    try {
      return { ...JSON.parse(readFileSync(record, 'utf8')), output };
    } catch {
      return { broken: [], tests: 0, failed: [], unhandled: [], applied: false, ended: false, output };
    }
  } finally {
    rmSync(record, { force: true });
  }
}

/** Why a run does not show that the mutation was noticed; undefined if it does. */
function objection(mutation, run) {
  if (!run.ended) return `vitest broke off:\n${run.output}`;
  if (run.broken.length > 0) return `the mistake must leave the sources loadable, but:\n${run.broken.join('\n')}`;
  if (run.tests === 0) return `no test ran in ${mutation.tests.join(', ')}`;
  if (!run.applied) return `none of ${mutation.tests.join(', ')} loads ${mutation.file}`;
  if (run.failed.length === 0) return `not noticed: all ${run.tests} tests still pass`;
  if (!run.failed.some(({ assertion }) => assertion)) {
    const errors = run.failed.map(({ test, error }) => `${test}: ${error}`).join('\n');
    return `tests failed, but none by an assertion:\n${errors}`;
  }
  return undefined;
}

async function check(mutation) {
  const name = `mutation: ${mutation.name}`;
  try {
    mutated(mutation, readFileSync(join(ROOT, mutation.file), 'utf8'));
  } catch (error) {
    return { name, ok: false, output: error.message };
  }
  const why = objection(mutation, await runTests(mutation.tests, mutation));
  return why ? { name, ok: false, output: why } : { name, ok: true };
}

/**
 * Tries mutations: the tests must pass without them, and fail by an assertion with each.
 *
 * @param {readonly Mutation[]} mutations
 * @returns {Promise<{ name: string, ok: boolean, output?: string }[]>} One result for each mutation, and one for the
 *   tests without any.
 */
export async function tryMutations(mutations) {
  const tests = [...new Set(mutations.flatMap((mutation) => mutation.tests))];
  const name = 'mutations: the tests pass without any';
  const clean = await runTests(tests, undefined);
  const passed = clean.ended && clean.tests > 0 && clean.failed.length === 0 && clean.broken.length === 0;
  if (!passed) return [{ name, ok: false, output: clean.output }];
  const results = [{ name, ok: true }];
  for (const mutation of mutations) results.push(await check(mutation));
  return results;
}
