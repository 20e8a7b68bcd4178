import { returnNames } from '../data/series.js';
import { responsive } from '../figures/plot.js';
import { count, duration, grouped, interval, number } from '../page/format.js';
import { type Html, html, trusted } from '../page/html.js';
import { STYLE } from '../page/style.js';
import type { Aggregate, AggregateStep, SeedRun } from './aggregate.js';
import { seedsCurve } from './curve.js';

/** The report over all seeds: learning curves, the mean with its interval, and a row with a link for each seed. */
export function renderSeedsReport(result: Aggregate, runs: readonly SeedRun[]): string {
  const { name, seeds, finished } = result;
  const open = seeds.length - finished.length;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${name}, ${count(seeds.length, 'seed')} – Innerloop report</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
<header><p class="kicker">Innerloop report over seeds</p><h1>${name}</h1>
<p class="lead">${finished.length} of ${count(seeds.length, 'seed')} finished.</p>
${open > 0 && html`<p class="note">${count(open, 'seed')} not finished; the means are of the others.</p>`}</header>
${returns(result)}
${learning(runs)}
${seedTable(result)}
</main>
</body>
</html>
`.source;
}

function returns({ steps, sampled, greedy }: Aggregate): Html | null {
  if (steps.length === 0) return null;
  const rows = (label: string, all: readonly AggregateStep[]) =>
    all.map(
      ({ step, mean, ci95 }) =>
        html`<tr><th scope="row">${label}${all.length > 1 && `, ${count(step, 'adaptation step')}`}</th><td>${interval(mean, ci95 ?? undefined)}</td></tr>`,
    );
  return html`<section><h2>Return</h2>
<p>Mean over seeds of the final evaluation, with the 95 % interval of that mean (Student’s t).</p>
<div class="scroll"><table><thead><tr><th>Actions</th><th>Return</th></tr></thead>
<tbody>${rows(greedy ? 'greedy' : 'sampled', steps)}${sampled && rows('sampled', sampled)}</tbody></table></div></section>`;
}

function learning(runs: readonly SeedRun[]): Html | null {
  const names = returnNames(runs.flatMap(({ data }) => data?.metrics ?? []));
  const metric = ['return/after', 'return/mean'].find((name) => names.includes(name)) ?? names[0];
  if (metric === undefined) return null;
  const which = metric === 'return/after' ? ' after adaptation' : '';
  return html`<section><h2>Learning curves</h2>
<p>Mean return of an episode${which} at each iteration of training.</p>
<figure>${responsive((width) => seedsCurve(runs, metric, width))}
<figcaption>Thin lines are seeds, the thick one is their mean; the band is its 95 % interval, as far as all seeds have come.</figcaption></figure></section>`;
}

function seedTable({ runs, finished, steps, sampled }: Aggregate): Html {
  const heads = [
    ...steps.map(({ step }) => (steps.length > 1 ? count(step, 'step') : 'Return')),
    ...(sampled ?? []).map(({ step }) => (steps.length > 1 ? `${count(step, 'step')}, sampled` : 'Sampled')),
  ];
  const body = runs.map(({ seed, folder, iterations, environmentSteps, seconds, checkpoint }) => {
    const at = finished.indexOf(seed);
    const values = [...steps, ...(sampled ?? [])].map(({ values }) => values[at]);
    const title = `Seed ${seed}`;
    return html`<tr><th scope="row">${at < 0 ? title : html`<a href="${folder}/report.html">${title}</a>`}</th>
${values.map((value) => html`<td>${value === undefined ? '–' : number(value)}</td>`)}
<td>${iterations}</td><td>${checkpoint ?? '–'}</td><td>${grouped(environmentSteps)}</td><td>${duration(seconds)}</td></tr>`;
  });
  return html`<section><h2>Each seed</h2><div class="scroll"><table>
<thead><tr><th>Run</th>${heads.map((head) => html`<th>${head}</th>`)}<th>Iterations</th><th>Evaluated iteration</th><th>Steps</th><th>Training</th></tr></thead>
<tbody>${body}</tbody></table></div></section>`;
}
