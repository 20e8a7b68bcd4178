import { describe, expect, it } from 'vitest';
import { read } from '../lib/docs.js';
import { examplesOf, runExample, typeErrors } from '../lib/readme.mjs';
import { DOCS } from './support/pages.js';

describe('examples in docs', () => {
  const examples = DOCS.flatMap((file) => examplesOf(file, read(file)));

  it('have no type errors', () => {
    expect(examples.length).toBeGreaterThan(0);
    expect(typeErrors(examples)).toEqual([]);
  }, 60_000);

  for (const example of examples) {
    it(`run: ${example.file}:${example.line}`, async () => {
      const { code, output } = await runExample(example, 60);
      expect(code, output).toBe(0);
    }, 70_000);
  }
});
