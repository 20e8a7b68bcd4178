// Reproduces the 2D navigation row of the MAML paper and its baselines from scratch: trains, evaluates on the paper's 40 goals, keeps
// the results as JSON with the MAML checkpoints, and writes docs/results.md from them. Needs a build (npm run build). What was
// interrupted goes on; what is finished is not repeated.
//
//   --seeds 1..3          seeds, as a range or a list such as 1,5
//   --only maml,random    rows: maml, pretrained, random, oracle, original (default: all)
//   --iterations n        in place of the configs' number of iterations
//   --set path=value      a further override for every row; may be given many times
//   --runs runs           where the run directories paper-<row>-seed-<n> lie
//   --out results/point-navigation
//   --page docs/results.md (default with another --out: results.md in it)
//   --page-only           write the page from the results that there are
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeRows, ROWS, readRecords } from './lib/paper-rows.mjs';
import { MOST_SEEDS, resultsPage } from './lib/results-page.mjs';
import { ROOT } from './lib/workspace.mjs';

const OUT = join('results', 'point-navigation');

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

function options() {
  try {
    return parseArgs({
      options: {
        seeds: { type: 'string', default: '1..3' },
        only: { type: 'string', default: Object.keys(ROWS).join(',') },
        iterations: { type: 'string' },
        set: { type: 'string', multiple: true, default: [] },
        runs: { type: 'string', default: 'runs' },
        out: { type: 'string', default: OUT },
        page: { type: 'string' },
        'page-only': { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return fail(error.message);
  }
}

/** `1..3` or `1,5`. */
function seedsOf(text) {
  const range = /^(\d+)\.\.(\d+)$/.exec(text);
  const [first, last] = range ? [Number(range[1]), Number(range[2])] : [];
  const seeds = range ? Array.from({ length: last - first + 1 }, (_, i) => first + i) : text.split(',').map(Number);
  const valid = seeds.length > 0 && seeds.length <= MOST_SEEDS && seeds.every((n) => Number.isInteger(n) && n >= 0);
  if (valid && !text.split(',').includes('')) return seeds;
  return fail(
    `--seeds: expected a range such as 1..3 or a list such as 1,5, of at most ${MOST_SEEDS}, found '${text}'`,
  );
}

function rowsOf(text) {
  const rows = text.split(',');
  const unknown = rows.filter((name) => !Object.hasOwn(ROWS, name));
  if (unknown.length === 0) return rows;
  return fail(
    `--only: expected ${Object.keys(ROWS).join(', ')} with commas between them, found '${unknown.join(',')}'`,
  );
}

function iterationsOf(text) {
  if (text === undefined) return {};
  if (/^\d+$/.test(text)) return { iterations: Number(text) };
  return fail(`--iterations: expected a whole number, found '${text}'`);
}

function writePage(out, page) {
  const text = resultsPage(readRecords(out));
  if (text === null) return fail(`${out}: expected results of this command, found none. Leave out --page-only.`);
  mkdirSync(dirname(page), { recursive: true });
  writeFileSync(page, text);
  console.log(`\nPage:      ${page}`);
}

process.chdir(ROOT);
const { seeds, only, iterations, set, runs, out, page, 'page-only': pageOnly } = options();
const choice = { rows: rowsOf(only), seeds: seedsOf(seeds), ...iterationsOf(iterations), set, runs, out };
if (!pageOnly) {
  // Not needed for the page, which can be written without a build.
  const [core, cli] = await Promise.all([import('@innerloop/core'), import('@innerloop/cli')]);
  // The commands run in this process, so that Ctrl-C is theirs: they finish an iteration and save.
  const code = await makeRows(choice, { core, cli }).catch((error) => fail(error.message));
  if (code !== 0) {
    console.error(
      `\nNot finished. The same command goes on: node scripts/paper-row.mjs ${process.argv.slice(2).join(' ')}`,
    );
    process.exit(code);
  }
}
writePage(out, page ?? (out === OUT ? join('docs', 'results.md') : join(out, 'results.md')));
