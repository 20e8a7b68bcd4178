import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What every page that the command makes says near its top. */
export const MADE_BY =
  '<!-- Made by `node scripts/component-docs.mjs` from the definitions and schemas in the code. Do not edit. -->';

/** Where a page for each kind is, from the root. Nothing else belongs there. */
const FOLDER = 'docs/components';

/**
 * What is wrong with the pages on the disk, a sentence for each; none if they are up to date.
 *
 * @param pages What each should be, by its path from the root.
 */
export function outdatedPages(root: string, pages: ReadonlyMap<string, string>): string[] {
  const faults = [...pages].flatMap(([path, text]) => {
    if (!existsSync(join(root, path))) return [`${path} is missing`];
    return readFileSync(join(root, path), 'utf8') === text ? [] : [`${path} is not up to date`];
  });
  return [...faults, ...surplus(root, pages).map((path) => `${path} is of no kind that there is`)];
}

/**
 * Writes the pages, and removes those of kinds that are gone.
 *
 * @returns The paths of the pages that were removed.
 * @throws Error if there is something among the pages that the command did not make, which is then left alone.
 */
export function writePages(root: string, pages: ReadonlyMap<string, string>): string[] {
  for (const [path, text] of pages) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const gone = surplus(root, pages);
  const foreign = gone.filter((path) => !readFileSync(join(root, path), 'utf8').includes(MADE_BY));
  if (foreign.length > 0) throw new Error(`not made by this command, so move it elsewhere: ${foreign.join(', ')}`);
  for (const path of gone) rmSync(join(root, path));
  return gone;
}

function surplus(root: string, pages: ReadonlyMap<string, string>): string[] {
  if (!existsSync(join(root, FOLDER))) return [];
  return readdirSync(join(root, FOLDER))
    .sort()
    .map((name) => `${FOLDER}/${name}`)
    .filter((path) => !pages.has(path));
}
