import { InnerloopError } from '@innerloop/core';

/** Most seeds of one command. */
const MOST = 1000;

/**
 * Parses `--seeds`: a range such as `1..10`, or a list such as `1,2,5`.
 *
 * @throws InnerloopError OPTION_INVALID if it is neither, names a seed twice, or more than 1000.
 */
export function seedList(text: string): number[] {
  const range = /^(\d+)\.\.(\d+)$/.exec(text);
  const [from, to] = [Number(range?.[1]), Number(range?.[2])];
  const listed = /^\d+(,\d+)*$/.test(text) ? text.split(',').map(Number) : [];
  const seeds =
    range && to - from < MOST ? Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i) : listed;
  const valid = seeds.length > 0 && seeds.length <= MOST && seeds.every((seed) => seed < 2 ** 32);
  if (valid && new Set(seeds).size === seeds.length) return seeds;
  throw new InnerloopError(
    'OPTION_INVALID',
    `--seeds: expected a range such as 1..10 or a list of different seeds such as 1,2,5, at most ${MOST}, found '${text}'`,
  );
}
