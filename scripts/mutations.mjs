// Mistakes that the tests must notice, each tried on every full check. To try some of them by hand:
// node scripts/mutations.mjs <part of a name>
import { fileURLToPath } from 'node:url';
import { tryMutations } from './lib/mutate.mjs';

/** @type {readonly import('./lib/mutate.mjs').Mutation[]} */
export const MUTATIONS = [
  {
    name: "tanh's derivative drops a term",
    file: 'packages/core/src/numerics/ops.ts',
    find: 'sub(dy, mul(dy, square(y)))',
    replace: 'dy',
    tests: ['packages/core/test/differentiate.grad.test.ts'],
  },
  {
    name: 'reverse accumulation keeps only the last of several paths',
    file: 'packages/core/src/numerics/differentiate.ts',
    find: 'received.set(target, before ? add(before, cotangent) : cotangent);',
    replace: 'received.set(target, cotangent);',
    tests: ['packages/core/test/differentiate.grad.test.ts'],
  },
];

/** Tries every mutation; the results are those of a check. */
export const mutationChecks = () => tryMutations(MUTATIONS);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = MUTATIONS.filter(({ name }) => process.argv.slice(2).every((part) => name.includes(part)));
  const results = await tryMutations(wanted);
  for (const { name, ok, output } of results) console.log(`${ok ? 'pass' : 'FAIL'}  ${name}${ok ? '' : `\n${output}`}`);
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
}
