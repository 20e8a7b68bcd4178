import { FAMILIES } from './families.mjs';

/** Most seeds of one command, as of `innerloop train`. */
const MOST_SEEDS = 1000;

/**
 * The rows that `--only` names, such as `cart-pole,bandits/gaussian`; all if it is left out.
 *
 * @returns {{ family: string, row: string }[]}
 * @throws Error if there is no such family or row.
 */
export function chosenRows(text = Object.keys(FAMILIES).join(',')) {
  return text.split(',').flatMap((word) => {
    const [family, row, ...rest] = word.split('/');
    if (!Object.hasOwn(FAMILIES, family)) {
      throw new Error(
        `--only: expected families (${Object.keys(FAMILIES).join(', ')}) or <family>/<row>, found '${word}'`,
      );
    }
    const rows = Object.keys(FAMILIES[family].rows);
    if (row === undefined) return rows.map((name) => ({ family, row: name }));
    if (rows.includes(row) && rest.length === 0) return [{ family, row }];
    throw new Error(`--only: expected rows of ${family} (${rows.join(', ')}), found '${word}'`);
  });
}

/**
 * The seeds of `1..3` or `1,5`; undefined if it is left out.
 *
 * @returns {number[] | undefined}
 * @throws Error if it is neither, or names a seed twice.
 */
export function chosenSeeds(text) {
  if (text === undefined) return undefined;
  const range = /^(\d+)\.\.(\d+)$/.exec(text);
  const [first, last] = range ? [Number(range[1]), Number(range[2])] : [0, 0];
  const listed = /^\d+(,\d+)*$/.test(text) ? text.split(',').map(Number) : [];
  const most = Math.min(last - first + 1, MOST_SEEDS + 1);
  const seeds = range ? Array.from({ length: Math.max(0, most) }, (_, i) => first + i) : listed;
  const distinct = new Set(seeds).size === seeds.length;
  if (seeds.length > 0 && seeds.length <= MOST_SEEDS && distinct) return seeds;
  throw new Error(
    `--seeds: expected a range such as 1..3 or a list such as 1,5, of at most ${MOST_SEEDS}, found '${text}'`,
  );
}
