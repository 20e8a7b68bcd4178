import { adapts } from '../data/examples.js';
import type { ReportData } from '../data/schemas.js';
import { shellWord } from '../page/format.js';
import { type Html, html } from '../page/html.js';

/** The resolved config, and the command lines that lead here again. */
export function reproduce(data: ReportData): Html {
  const commands = commandLines(data).map(
    ({ says, line }) => html`<p>${says}</p><pre class="command"><code>${line}</code></pre>`,
  );
  return html`<section><h2>How to reproduce</h2>${commands}
<details><summary>Resolved config (config.yaml)</summary><pre><code>${data.configText}</code></pre></details></section>`;
}

/** Command lines on this run directory, each with what it does. */
export function commandLines(data: ReportData): { readonly says: string; readonly line: string }[] {
  const { evaluation, metrics } = data;
  const directory = shellWord(data.directory);
  const unfinished = metrics.length < data.iterations;
  const iterations = Math.max(1, 2 * data.iterations);
  const again = {
    says: 'Train again with the same config and seed, into a new directory:',
    line: `npx innerloop train ${shellWord(`${data.directory}/config.yaml`)} --out ${shellWord(`${data.directory}-again`)}`,
  };
  const more = unfinished
    ? { says: 'Go on from the last checkpoint:', line: `npx innerloop resume ${directory}` }
    : {
        says: 'Go on beyond the last iteration:',
        line: `npx innerloop resume ${directory} --iterations ${iterations}`,
      };
  const what = evaluation && adapts(evaluation) ? 'adaptation' : 'returns';
  const measure = evaluation && { says: `Measure ${what} as above:`, line: evaluateLine(directory, evaluation) };
  return [again, more, ...(measure ? [measure] : [])];
}

function evaluateLine(directory: string, evaluation: NonNullable<ReportData['evaluation']>): string {
  const { taskSet, tasks, result, rollouts, seed, greedy, stepSizes, checkpoint } = evaluation;
  const options = [
    `--tasks ${shellWord(taskSet ?? String(tasks.length))}`,
    `--steps ${result.steps.at(-1)?.step}`,
    `--rollouts ${rollouts}`,
    `--seed ${seed}`,
    greedy && '--greedy',
    stepSizes && `--step-sizes ${stepSizes.join(',')}`,
    checkpoint !== 'best' && `--checkpoint ${shellWord(checkpoint)}`,
  ];
  return ['npx innerloop evaluate', directory, ...options.filter((option) => option)].join(' ');
}
