import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { type Html, html, trusted } from '../page/html.js';

/** The part of an SVG element that is needed here; it lives in a document of our own, not in a browser. */
interface SvgElement {
  readonly outerHTML: string;
  setAttribute(name: string, value: string): void;
  querySelector(selectors: string): { remove(): void } | null;
}

/** Options of a horizontal axis whose name stands under the middle of its tick labels. */
export const CENTRED = { labelAnchor: 'center', labelArrow: 'none', labelOffset: 36 } as const;

/** Room for tick labels and names at 12 pixels. */
export const MARGINS = { marginTop: 30, marginBottom: 42, marginLeft: 56, marginRight: 16 } as const;

/** Labels only the ticks that are iterations. */
export function wholeNumber(tick: number): string {
  return Number.isInteger(tick) ? String(tick) : '';
}

/** Size and axes of a figure of returns against iterations. */
export function returnOverIterations(width: number): Plot.PlotOptions {
  return {
    width,
    height: width < 600 ? 300 : 380,
    ...MARGINS,
    x: { ...CENTRED, label: 'iteration', ticks: width < 600 ? 5 : 10, tickFormat: wholeNumber },
    y: { label: 'return', nice: true },
  };
}

/** A drawing and the text that stands for it. */
export interface Drawing {
  readonly options: Plot.PlotOptions;
  /** What the figure shows, in one or two sentences, for those who cannot see it. */
  readonly label: string;
}

const page = parseHTML('<!doctype html><html><body></body></html>');

/** Draws with Observable Plot, here and now: an inline `<svg>` without scripts or outside references. */
export function draw({ options, label }: Drawing): Html {
  const document = page.document as NonNullable<Plot.PlotOptions['document']>;
  const svg = Plot.plot({ style: { fontSize: '12px' }, ...options, document }) as unknown as SvgElement;
  // The page has one style for all figures.
  svg.querySelector('style')?.remove();
  svg.setAttribute('class', 'plot');
  svg.setAttribute('role', 'img');
  // The label may hold names from the run, and linkedom leaves some characters of attributes as they are.
  const named = html`<svg aria-label="${label}"`.source;
  return trusted(svg.outerHTML.replace(/^<svg/, () => named));
}

/** The same figure for wide and for narrow screens, since text in a drawing shrinks with it. CSS shows one. */
export function responsive(build: (width: number) => Drawing): Html {
  return html`<div class="wide">${draw(build(960))}</div><div class="narrow">${draw(build(400))}</div>`;
}
