import { describe, expect, it } from 'vitest';
import { tryMutations } from '../lib/mutate.mjs';
import { MUTATIONS } from '../mutations.mjs';

const TESTS = ['packages/core/test/differentiate.grad.test.ts'];

/** A change of numerics/differentiate.ts, where innerProduct adds up its terms. */
function change(name: string, replace: string, find = 'reduce((total, term) => add(total, term))') {
  return { name, file: 'packages/core/src/numerics/differentiate.ts', find, replace, tests: TESTS };
}

describe('the mutation check', () => {
  it('passes only a mistake that an assertion notices', async () => {
    const results = await tryMutations([
      change('noticed', 'reduce((total) => total)'),
      change('the same in other words', 'reduce((all, one) => add(all, one))'),
      change('not loadable', 'reduce(('),
      change('throws', "reduce(() => { throw new Error('thrown'); })"),
      change('outdated', '', 'text that is not there'),
      change('ambiguous', '', 'return'),
      {
        ...change('elsewhere', 'false'),
        file: 'packages/envs/src/wrappers/time-limit.ts',
        find: 'TimeLimit implements',
      },
    ]);
    const said = Object.fromEntries(
      results.map(({ name, ok, output }) => [name, ok ? 'pass' : output?.split('\n')[0]]),
    );
    expect(said).toEqual({
      'mutations: the tests pass without any': 'pass',
      'mutation: noticed': 'pass',
      'mutation: the same in other words': expect.stringMatching(/^not noticed: all \d+ tests still pass$/),
      'mutation: not loadable': 'the mistake must leave the sources loadable, but:',
      'mutation: throws': 'tests failed, but none by an assertion:',
      'mutation: outdated': expect.stringContaining('found it 0 times'),
      'mutation: ambiguous': expect.stringMatching(/found it \d+ times/),
      'mutation: elsewhere': expect.stringMatching(/^none of .* loads packages\/envs\/src\/wrappers\/time-limit.ts$/),
    });
  }, 120_000);

  it('has a name of its own for each mutation', () => {
    const names = MUTATIONS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
