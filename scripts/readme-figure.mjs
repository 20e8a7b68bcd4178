// Draws the figure of README.md from the report of a run, into a file that may be there already:
// node scripts/readme-figure.mjs runs/quickstart-001 --out docs/figures/point-navigation.svg
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ROOT } from './lib/workspace.mjs';

const { positionals, values } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } });
const [run] = positionals;
if (!run || !values.out) {
  console.error('Usage: node scripts/readme-figure.mjs <run directory with a report.html> --out <file.svg>');
  process.exit(1);
}
// The report's own parser; the root does not depend on it.
const require = createRequire(join(ROOT, 'packages', 'report', 'package.json'));
const { parseHTML } = await import(pathToFileURL(require.resolve('linkedom')).href);
const { document } = parseHTML(readFileSync(join(run, 'report.html'), 'utf8'));
const section = [...document.querySelectorAll('section')].find(
  (candidate) => candidate.querySelector('h2')?.textContent === 'Trajectories',
);
const panels = [...(section?.querySelectorAll('figure svg.plot') ?? [])].slice(0, 6);
if (panels.length < 6) {
  console.error(
    `${run}/report.html has ${panels.length} drawn trajectories; six are needed (evaluation.final.examples).`,
  );
  process.exit(1);
}

const [WIDTH, PANEL, TOP] = [960, 300, 64];
/** The report's light colours, written out: not every viewer of images knows CSS variables. */
const COLORS = {
  before: '#d55e00',
  fourth: '#cc79a7',
  third: '#009e73',
  after: '#0072b2',
  goal: '#f0e442',
  ink: '#1c1c1e',
  page: '#ffffff',
};
const LEGEND = [
  ['before adaptation', COLORS.before],
  ['after 1 step', COLORS.fourth],
  ['after 2 steps', COLORS.third],
  ['after 3 steps', COLORS.after],
];
const legend = LEGEND.map(
  ([text, color], i) =>
    `<g transform="translate(${24 + i * 190} 40)"><path d="M0 -5H28" stroke="${color}" stroke-width="3"/><text x="36">${text}</text></g>`,
).join('');
const placed = panels.map((svg, i) => {
  svg.setAttribute('x', String(12 + (i % 3) * (PANEL + 14)));
  svg.setAttribute('y', String(TOP + Math.floor(i / 3) * (PANEL - 8)));
  svg.removeAttribute('class');
  return svg.outerHTML.replace(/var\(--([a-z]+)\)/g, (_, name) => COLORS[name]).replaceAll('currentColor', COLORS.ink);
});
const title =
  'Paths of a meta-trained policy on six unseen goals of 2D navigation, after 0, 1, 2 and 3 adaptation steps';
const figure = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${TOP + 2 * (PANEL - 8)}" font-family="system-ui, sans-serif" font-size="14" fill="#1a1a1a" role="img" aria-label="${title}">
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="24" y="18">One episode each on six unseen goals (stars), starting at the plus</text>${legend}
${placed.join('\n')}
</svg>
`;
const target = resolve(values.out);
mkdirSync(dirname(target), { recursive: true });
writeFileSync(target, figure);
console.log(target);
