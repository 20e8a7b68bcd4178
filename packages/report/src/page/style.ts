/** The page's style. Colours are Okabe and Ito's, the darker ones on white, lighter ones on black. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1c1c1e; --soft: #5b5b62; --rule: #d9d9de; --panel: #f5f5f7;
  --before: #d55e00; --after: #0072b2; --third: #009e73; --fourth: #cc79a7; --goal: #f0e442;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #161618; --ink: #ececf0; --soft: #a5a5ae; --rule: #3a3a40; --panel: #222226;
    --before: #e69f00; --after: #56b4e9; --third: #009e73; --fourth: #cc79a7; --goal: #f0e442;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--page); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
p { max-width: 46rem; margin: 0.5rem 0 1rem; }
h1, h2, h3 { line-height: 1.2; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: 2.1rem; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 1.35rem; margin: 3rem 0 0.5rem; padding-top: 1.25rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 0 0 0.25rem; }
a { color: var(--after); overflow-wrap: anywhere; }
.kicker { margin: 0; color: var(--soft); font-size: 0.85rem; letter-spacing: 0.04em; }
.lead { margin: 0.25rem 0 1.5rem; color: var(--soft); font-size: 1.1rem; }
.note { padding: 0.75rem 1rem; border-left: 4px solid var(--before); background: var(--panel); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: 1rem; margin: 1.25rem 0; }
.card { background: var(--panel); border-radius: 8px; padding: 0.9rem 1.1rem; }
.card p { margin: 0; }
.card .label, .card .detail { color: var(--soft); font-size: 0.9rem; }
.card .value { font-size: 2rem; font-weight: 650; line-height: 1.25; font-variant-numeric: tabular-nums; }
dl { margin: 0.75rem 0; }
dl div { display: grid; grid-template-columns: 9rem 1fr; gap: 1rem; padding: 0.3rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 1rem 0; min-width: 0; }
figcaption { margin-top: 0.25rem; color: var(--soft); font-size: 0.9rem; max-width: 46rem; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(17.5rem, 1fr)); gap: 0.5rem 1.5rem; }
.panels figure { margin: 0.75rem 0; }
.legend { display: flex; flex-wrap: wrap; gap: 0.15rem 1.4rem; margin: 0.25rem 0 0.5rem; padding: 0; list-style: none; font-size: 0.9rem; }
.legend li { display: flex; align-items: center; gap: 0.5rem; }
.panels .legend { gap: 0.1rem 1rem; font-size: 0.85rem; }
.swatch { flex: none; overflow: visible; }
.plot { display: block; width: 100%; height: auto; max-width: 100%; overflow: visible; color: var(--ink); }
.plot text, .plot tspan { white-space: pre; }
.wide { display: block; }
.narrow { display: none; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.95rem; }
caption { text-align: left; color: var(--soft); font-size: 0.9rem; padding-bottom: 0.4rem; }
th, td { padding: 0.4rem 1rem 0.4rem 0; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
tbody th { white-space: normal; min-width: 8rem; }
thead th { color: var(--soft); font-weight: 600; }
th:first-child, .text { text-align: left; }
td.text { white-space: normal; min-width: 12rem; color: var(--soft); font-size: 0.9rem; padding-left: 0.5rem; }
th.text { padding-left: 0.5rem; }
details { margin: 1rem 0; }
summary { cursor: pointer; font-weight: 600; padding: 0.25rem 0; }
pre { margin: 0.25rem 0 1rem; padding: 0.8rem 1rem; overflow-x: auto; background: var(--panel); border-radius: 6px; font-size: 0.88rem; line-height: 1.5; }
pre.command { white-space: pre-wrap; overflow-wrap: anywhere; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
:focus-visible { outline: 2px solid var(--after); outline-offset: 2px; }
@media (max-width: 40rem) {
  body { padding: 1.25rem 1rem 3rem; }
  h1 { font-size: 1.6rem; }
  .wide { display: none; }
  .narrow { display: block; }
  .cards { grid-template-columns: 1fr; }
  dl div { grid-template-columns: 1fr; gap: 0; padding: 0.4rem 0; }
  th:first-child { white-space: normal; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #ffffff; --ink: #000000; --soft: #444444; --rule: #bbbbbb; --panel: #ffffff;
    --before: #d55e00; --after: #0072b2; --third: #009e73; --fourth: #cc79a7; --goal: #f0e442;
  }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .wide { display: block; }
  .narrow { display: none; }
  .card, pre { border: 1px solid var(--rule); }
  .panels { grid-template-columns: repeat(3, 1fr); }
  figure, .card, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  section > p, .legend { break-inside: avoid; break-after: avoid; }
  .scroll { overflow: visible; break-inside: avoid; }
  details .scroll { break-inside: auto; }
  table { font-size: 8.5pt; }
  th, td { padding-right: 0.6rem; }
  th { white-space: normal; }
  td.text { font-size: 8pt; }
}
`;
