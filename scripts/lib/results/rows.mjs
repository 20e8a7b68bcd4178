import { FAMILIES } from './families.mjs';
import { makePaperRow } from './point-navigation.mjs';
import { makeSeedsRow } from './seed-runs.mjs';

/**
 * Trains and measures rows, one after the other.
 *
 * @param {import('./recording.mjs').Options & { rows: { family: string, row: string }[], seeds?: number[] }} options `seeds` in place of those of
 *   each family.
 * @param {import('./recording.mjs').Tools} tools
 * @returns {Promise<number>} The exit code of the first command that did not end with 0, else 0.
 */
export async function makeRows(options, tools) {
  for (const { family, row } of options.rows) {
    const { seeds: usual, rows } = FAMILIES[family];
    const seeds = options.seeds ?? rows[row].seeds ?? usual;
    const code =
      family === 'point-navigation'
        ? await makePaperRow(row, seeds, options, tools)
        : await makeSeedsRow(family, row, seeds, options, tools);
    if (code !== 0) return code;
  }
  return 0;
}
