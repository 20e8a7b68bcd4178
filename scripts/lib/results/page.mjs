import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '../workspace.mjs';
import { FAMILIES } from './families.mjs';
import { familySection } from './family-page.mjs';
import { pointNavigationSection } from './point-navigation-page.mjs';

/** Makes docs/results.md from the records, and from nothing else. */

/**
 * The records in a folder, by family, in the order of its rows and seeds. Families without records are left out.
 *
 * @returns {Map<string, object[]>}
 */
export function readRecords(out) {
  const all = Object.keys(FAMILIES).map((family) => [family, recordsOf(family, join(out, family))]);
  return new Map(all.filter(([, records]) => records.length > 0));
}

function recordsOf(family, folder) {
  if (!existsSync(folder)) return [];
  const order = Object.keys(FAMILIES[family].rows);
  return readdirSync(folder)
    .filter((name) => order.includes(/^([a-z-]+)-seed-\d+\.json$/.exec(name)?.[1]))
    .map((name) => readJson(join(folder, name)))
    .sort((a, b) => order.indexOf(a.row) - order.indexOf(b.row) || a.seed - b.seed);
}

/** The page, or `null` if there are no records. */
export function resultsPage(records) {
  if (records.size === 0) return null;
  const sections = [...records].map(([family, list]) =>
    family === 'point-navigation' ? pointNavigationSection(list) : familySection(family, list),
  );
  return `# Results

One command trains every row from scratch, measures it and writes this page, from the files in [results](../results) and nothing else:

\`\`\`sh
node scripts/results.mjs   # --only cart-pole/trpo for one row, --only bandits for one family
\`\`\`

With \`--set run.iterations=2 --out runs/short --runs runs/short\` it makes short rows, and a page of them, elsewhere; without \`--out\` it writes \`results/\` and this
page. An interrupted run goes on where it was, what is finished is not repeated, and \`--page-only\` writes the page again. Rows that were not measured are
not here.

- What is measured is the checkpoint that did best in validation, on tasks and episodes that neither training nor validation used.
- ± in tables over seeds is the half-width of the 95 % interval of the mean over seeds (Student's t).
- Environment steps are all of training, in the seed that took most; episodes of validation are not among them. Where an action is repeated, all
  its repetitions count, those too that the end of an episode cut off, so such a number is an upper bound.
- Wall time is what training took, without validation, as a mean over seeds.
- A target is met if the mean over all seeds reaches it and no seed took more steps than it allows. There is a – where there is no target, or where
  seeds are still to be measured.

${sections.join('\n')}`;
}
