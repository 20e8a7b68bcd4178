import type { ReportData } from './data/schemas.js';
import { html, trusted } from './page/html.js';
import { STYLE } from './page/style.js';
import { adaptation } from './sections/adaptation.js';
import { health } from './sections/health.js';
import { learning } from './sections/learning.js';
import { overview } from './sections/overview.js';
import { reproduce } from './sections/reproduce.js';
import { changes, trajectories } from './sections/tasks.js';

/**
 * Makes the report of a run: one HTML page with its figures inside, that needs no network and runs no script. Everything
 * that comes from the run is escaped.
 */
export function renderReport(data: ReportData): string {
  const { evaluation, comparisons } = data;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${data.config.run.name} – Innerloop report</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
${overview(data)}
${learning(data)}
${evaluation && adaptation(evaluation, comparisons)}
${evaluation && changes(evaluation)}
${evaluation && trajectories(evaluation)}
${health(data)}
${reproduce(data)}
</main>
</body>
</html>
`;
  return page.source;
}
