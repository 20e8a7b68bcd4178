import { FAMILIES } from './families.mjs';

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
