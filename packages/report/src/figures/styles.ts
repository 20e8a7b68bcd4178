import { type Html, html, trusted } from '../page/html.js';

/** How a series looks: told apart by dash and symbol as well as by colour. */
export interface SeriesStyle {
  /** A custom property of the page, so that it follows light and dark mode. */
  readonly color: string;
  /** SVG dash lengths, absent for a solid line. */
  readonly dash?: string;
  readonly symbol: 'circle' | 'square' | 'triangle' | 'diamond2' | 'times';
  readonly width: number;
}

/** Styles by role. The colours are Okabe and Ito's, which colour-blind people can tell apart. */
export const STYLES: Readonly<Record<'before' | 'after' | 'third' | 'fourth' | 'refused', SeriesStyle>> = {
  before: { color: 'var(--before)', dash: '5 3', symbol: 'square', width: 1.75 },
  after: { color: 'var(--after)', symbol: 'circle', width: 2.25 },
  third: { color: 'var(--third)', dash: '8 3 2 3', symbol: 'triangle', width: 1.75 },
  fourth: { color: 'var(--fourth)', dash: '2 3', symbol: 'diamond2', width: 1.75 },
  refused: { color: 'var(--before)', dash: '5 3', symbol: 'times', width: 1.75 },
};

/** Stroke options of a line in this style. */
export function stroke({ color, width, dash }: SeriesStyle): {
  stroke: string;
  strokeWidth: number;
  strokeDasharray?: string;
} {
  return { stroke: color, strokeWidth: width, ...(dash === undefined ? {} : { strokeDasharray: dash }) };
}

/** One entry of a legend. */
export interface LegendEntry {
  readonly label: string;
  readonly style: SeriesStyle;
  /** What to show of the style; both by default. */
  readonly show?: 'line' | 'symbol';
  /** Whether the symbol is filled; it is by default. */
  readonly filled?: boolean;
  /** Whether the symbol stands on its head. */
  readonly turned?: boolean;
}

const SYMBOLS: Readonly<Record<SeriesStyle['symbol'], string>> = {
  circle: 'M18,2a4,4 0 1,1 0,8a4,4 0 1,1 0,-8Z',
  square: 'M14.5,2.5h7v7h-7Z',
  triangle: 'M18,1.5L22.5,9.5H13.5Z',
  diamond2: 'M18,1L23,6L18,11L13,6Z',
  times: 'M14.5,2.5L21.5,9.5M21.5,2.5L14.5,9.5',
};

/** A legend in HTML, so that it wraps and can be read out. */
export function legend(entries: readonly LegendEntry[]): Html | null {
  return entries.length === 0 ? null : html`<ul class="legend">${entries.map(legendItem)}</ul>`;
}

function legendItem({ label, style, show, filled = true, turned = false }: LegendEntry): Html {
  const { color, width, dash, symbol } = style;
  const line =
    show !== 'symbol' &&
    html`<path d="M0,6H36" stroke="${color}" stroke-width="${width}" stroke-dasharray="${dash ?? 'none'}"/>`;
  const mark =
    show !== 'line' &&
    html`<path d="${SYMBOLS[symbol]}" fill="${filled ? color : 'var(--page)'}" stroke="${color}" stroke-width="1.5"${turned && trusted(' transform="rotate(180 18 6)"')}/>`;
  return html`<li><svg class="swatch" width="36" height="12" viewBox="0 0 36 12" aria-hidden="true" fill="none">${line}${mark}</svg>${label}</li>`;
}
