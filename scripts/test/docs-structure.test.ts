import { describe, expect, it } from 'vitest';
import { codeSpans, declares, headings, read, tables } from '../lib/docs.js';
import { DOCS } from './support/pages.js';

describe('docs/algorithms, and the walk through docs/architecture.md', () => {
  const pages = DOCS.filter((file) => file.startsWith('docs/algorithms/'));
  const places = DOCS.flatMap((file) =>
    tables(read(file))
      .filter(({ head }) => head[1] === 'File' && head[2] === 'Function')
      .flatMap(({ rows }) => rows.map(([line = '', path = '', names = '']) => ({ file, line, path, names }))),
  );

  it('has places to check', () => {
    expect(places.length).toBeGreaterThan(20);
  });

  it.each(places)('$file, line $line is where it says', ({ path, names }) => {
    const [source = ''] = codeSpans(path);
    for (const name of codeSpans(names)) expect(declares(source, name), `${name} in ${source}`).toBe(true);
  });

  it.each(pages.filter((file) => /(vpg|maml|trpo)\.md$/.test(file)))('%s has the parts that every page has', (file) => {
    expect(headings(read(file), 2)).toEqual(
      expect.arrayContaining(['Quick facts', 'Pseudocode', 'Where each line is', 'Options', 'Metrics', 'References']),
    );
  });
});

describe('docs/decisions', () => {
  const pages = DOCS.filter((file) => /^docs\/decisions\/\d/.test(file));

  it('are numbered without gaps and listed', () => {
    const numbers = pages.map((file) => Number(/(\d{4})-/.exec(file)?.[1]));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    for (const file of pages) expect(read('docs/decisions/README.md')).toContain(`(${file.split('/').at(-1)})`);
  });

  it.each(pages)('%s has the four parts', (file) => {
    expect(headings(read(file), 2)).toEqual(['Context', 'Decision', 'Consequences', 'Evidence']);
  });
});
