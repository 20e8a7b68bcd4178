import { expect, it } from 'vitest';
import { read, section } from '../lib/docs.js';

it('every result in README.md stands in docs/results.md', () => {
  const results = read('docs/results.md');
  const said = section(read('README.md'), 'What it reaches').match(/−?\d+\.\d\d(?: ± \d+\.\d\d)?/g) ?? [];
  expect(said.length).toBeGreaterThan(25);
  expect(said.filter((number) => !results.includes(number))).toEqual([]);
});
