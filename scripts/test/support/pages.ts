import { codeSpans, markdownFiles, tables } from '../../lib/docs.js';

/** Every page, and those of docs/. */
export const PAGES = markdownFiles();
export const DOCS = PAGES.filter((file) => file.startsWith('docs/'));

/** The names in the first column of a page's tables with this head. */
export function firstColumn(markdown: string, head: string): string[] {
  return tables(markdown)
    .filter((table) => table.head[0] === head)
    .flatMap(({ rows }) => rows.flatMap(([cell = '']) => codeSpans(cell)));
}
