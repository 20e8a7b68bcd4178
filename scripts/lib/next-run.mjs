import { existsSync, readdirSync } from 'node:fs';

/**
 * The name of the next numbered run: one more than the highest number in use, so that the latest run sorts last and
 * the number of a deleted one is not given to another while later ones stand.
 *
 * @param {string} folder Where the runs lie; it need not exist.
 * @param {string} stem For example `quickstart`, for `quickstart-001`, `quickstart-002`, …
 */
export function nextRun(folder, stem) {
  const numbers = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.startsWith(`${stem}-`) && /^\d+$/.test(name.slice(stem.length + 1)))
        .map((name) => Number(name.slice(stem.length + 1)))
    : [];
  return `${stem}-${String(Math.max(0, ...numbers) + 1).padStart(3, '0')}`;
}
