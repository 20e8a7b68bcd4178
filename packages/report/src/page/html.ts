/** Text that is HTML already. Everything else is escaped when it is put into {@link html}. */
export class Html {
  constructor(readonly source: string) {}
  toString(): string {
    return this.source;
  }
}

/** What may stand in an {@link html} template; `null` and `false` give nothing. */
export type Piece = Html | string | number | null | undefined | false | readonly Piece[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Makes text safe in element content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}

/** Marks a string as HTML. Only for what this package made itself. */
export function trusted(source: string): Html {
  return new Html(source);
}

function render(piece: Piece): string {
  if (piece === null || piece === undefined || piece === false) return '';
  if (piece instanceof Html) return piece.source;
  if (typeof piece === 'string') return escapeHtml(piece);
  if (typeof piece === 'number') return String(piece);
  return piece.map(render).join('');
}

/** A template whose values are escaped unless they are {@link Html}; lists are joined. */
export function html(strings: TemplateStringsArray, ...values: readonly Piece[]): Html {
  return new Html(strings.reduce((text, part, index) => text + render(values[index - 1]) + part));
}
