import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { type Html, html, trusted } from '../page/html.js';

/** The part of an SVG element that is needed here; it lives in a document of our own, not in a browser. */
interface SvgElement {
  readonly outerHTML: string;
  setAttribute(name: string, value: string): void;
  querySelector(selectors: string): { remove(): void } | null;
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
  svg.setAttribute('aria-label', label);
  return trusted(svg.outerHTML);
}

/** The same figure for wide and for narrow screens, since text in a drawing shrinks with it. CSS shows one. */
export function responsive(build: (width: number) => Drawing): Html {
  return html`<div class="wide">${draw(build(960))}</div><div class="narrow">${draw(build(400))}</div>`;
}
