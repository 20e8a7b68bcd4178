// Reproduces every row of docs/results.md from scratch: trains, measures, keeps the numbers of each seed as JSON in results/, and writes the page from
// them. Needs a build (npm run build). What was interrupted goes on; what is finished is not repeated.
//
//   --only cart-pole,bandits/gaussian   families, or rows of them (default: all)
//   --seeds 1..3          seeds, as a range or a list such as 1,5 (default: those of the family)
//   --set path=value      an override for every row; may be given many times
//   --runs runs           where the run directories lie: <family>-<row>, and paper-<row>-seed-<n> of 2D navigation
//   --out results         where the numbers go
//   --page docs/results.md (default with another --out: results.md in it)
//   --page-only           write the page from the results that there are
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { chosenRows } from './lib/results/choice.mjs';
import { shellWords } from './lib/results/recording.mjs';
import { makeRows } from './lib/results/rows.mjs';
import { ROOT } from './lib/workspace.mjs';

const OUT = 'results';

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

function choice() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        seeds: { type: 'string' },
        set: { type: 'string', multiple: true, default: [] },
        runs: { type: 'string', default: 'runs' },
        out: { type: 'string', default: OUT },
        page: { type: 'string' },
        'page-only': { type: 'boolean', default: false },
      },
    });
    const page = values.page ?? (values.out === OUT ? join('docs', 'results.md') : join(values.out, 'results.md'));
    return { ...values, page, rows: chosenRows(values.only) };
  } catch (error) {
    return fail(error.message);
  }
}

/** The packages, and the page that is made with them. */
async function built() {
  try {
    const [core, cli, page] = await Promise.all([
      import('@innerloop/core'),
      import('@innerloop/cli'),
      import('./lib/results/page.mjs'),
    ]);
    return { core, cli, ...page };
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return fail('the packages are not built. Run: npm run build');
  }
}

/** As `innerloop train --seeds` reads them; undefined if they are left out. */
function chosenSeeds() {
  try {
    return seedsText === undefined ? undefined : cli.seedList(seedsText);
  } catch (error) {
    return fail(error.message);
  }
}

process.chdir(ROOT);
const { rows, seeds: seedsText, set, runs, out, page, 'page-only': pageOnly } = choice();
const { core, cli, readRecords, resultsPage } = await built();
const seeds = chosenSeeds();
if (!pageOnly) {
  // The commands run in this process, so that Ctrl-C is theirs: they finish an iteration and save.
  const code = await makeRows({ rows, seeds, set, runs, out }, { core, cli }).catch((error) => fail(error.message));
  if (code !== 0) {
    const same = shellWords(['node', 'scripts/results.mjs', ...process.argv.slice(2)]);
    console.error(`\nNot finished. The same command goes on: ${same}`);
    process.exit(code);
  }
}
const text = resultsPage(readRecords(out));
if (text === null) fail(`${out}: expected results of this command, found none. Leave out --page-only.`);
mkdirSync(dirname(page), { recursive: true });
writeFileSync(page, text);
console.log(`\nPage:      ${page}`);
