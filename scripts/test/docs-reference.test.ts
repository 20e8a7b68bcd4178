import { ERROR_CODES } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { headings, membersOf, read, section } from '../lib/docs.js';
import { firstColumn } from './support/pages.js';

describe('docs/errors.md', () => {
  it('has every error code and nothing else', () => {
    expect(headings(read('docs/errors.md'), 2)).toEqual([...ERROR_CODES].sort());
  });

  it.each(ERROR_CODES)('says when %s comes and what to do', (code) => {
    expect(section(read('docs/errors.md'), code)).toMatch(/\*\*When:\*\* [\s\S]+\n\n\*\*Do:\*\* /);
  });
});

describe('docs/events.md', () => {
  const events = membersOf('packages/core/src/contracts/events.ts', 'Events');
  const page = read('docs/events.md');

  it('has every event and no other', () => {
    expect(
      headings(page, 2)
        .filter((text) => /^[a-z-]+:[a-z]+$/.test(text) || text === 'error')
        .sort(),
    ).toEqual([...events.keys()].sort());
  });

  it.each([...events])('has every field of %s', (name, fields) => {
    expect(fields.length).toBeGreaterThan(0);
    expect(firstColumn(section(page, name), 'Field')).toEqual(fields);
  });
});
