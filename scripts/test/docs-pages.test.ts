import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchors, brokenLinks, codeSpans, read, tables } from '../lib/docs.js';
import { ROOT } from '../lib/workspace.mjs';
import { PAGES } from './support/pages.js';

describe('every page', () => {
  it.each(PAGES)('%s: links lead somewhere', (file) => {
    expect(brokenLinks(file, read(file))).toEqual([]);
  });

  it.each(PAGES)('%s: files that it names are there', (file) => {
    const paths = codeSpans(read(file)).filter((code) =>
      /^(packages|scripts|configs|docs|examples)\/[\w@./-]+\.\w+$/.test(code),
    );
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it.each(PAGES)('%s: tests that it quotes are there', (file) => {
    const quoted = [...read(file).matchAll(/`([\w/.-]+\.test\.ts)`,\s+((?:"[^"]+"(?:,?\s+and\s+)?)+)/g)];
    const missing = quoted.flatMap(([, path = '', titles = '']) =>
      [...titles.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title).filter((title) => !read(path).includes(title)),
    );
    expect(missing).toEqual([]);
  });
});

describe('the checks themselves', () => {
  it('find a link without a file, and one without a heading', () => {
    const page =
      '# A b\n\n[x](missing.md) [y](README.md#nowhere) [z](#a-b) [w](https://example.org)\n\n    [v](code.md)\n';
    // `z` is an anchor of the page itself, which is read from the disk: README.md has no such heading.
    expect(brokenLinks('README.md', page)).toEqual([
      'README.md: missing.md',
      'README.md: README.md#nowhere',
      'README.md: #a-b',
    ]);
  });

  it('know the anchors of GitHub', () => {
    expect(anchors('# `run:start`\n## Why Jᵀ F J is exact\n## Why Jᵀ F J is exact\n### CHECK_FAILED\n')).toEqual([
      'runstart',
      'why-jᵀ-f-j-is-exact',
      'why-jᵀ-f-j-is-exact-1',
      'check_failed',
    ]);
  });

  it('read tables with escaped bars', () => {
    expect(tables('| A | B |\n| - | - |\n| 1/\\|D\\| | `x` |\n')).toEqual([
      { head: ['A', 'B'], rows: [['1/\\|D\\|', '`x`']] },
    ]);
  });
});
