import { expect, it } from 'vitest';
import { formatReturn, wrap } from '../src/output/text.js';

it.each([
  [-3.335, '-3.33'], // in binary a little above −3.335
  [-0.004, '0.00'],
  [-0.006, '-0.01'],
  [-123456.7, '-1.2346e+5'],
])('a return of %f is %s', (value, text) => {
  expect(formatReturn(value)).toBe(text);
});

it('wraps between words, and not within backticks', () => {
  // 'take `meta: trpo`' has 17 characters.
  expect(wrap('take `meta: trpo` or not', 16)).toEqual(['take', '`meta: trpo` or', 'not']);
  expect(wrap('take `meta: trpo` or not', 17)).toEqual(['take `meta: trpo`', 'or not']);
  expect(wrap('', 17)).toEqual([]);
});
