import { expect, it } from 'vitest';
import { seedList } from '../src/index.js';

it('reads ranges and lists, in their order', () => {
  expect(['3..5', '7,1', '2', '4..4'].map(seedList)).toEqual([[3, 4, 5], [7, 1], [2], [4]]);
});

it.each(['', '3..1', '1,x', '1,1', '-1', '1.5', '1..1001', '4294967296'])("refuses '%s'", (text) => {
  expect(() => seedList(text)).toThrow(
    expect.objectContaining({
      code: 'OPTION_INVALID',
      message: expect.stringMatching(/^--seeds: expected a range such as 1\.\.10 or a list .*, found '.*'$/),
    }),
  );
});
