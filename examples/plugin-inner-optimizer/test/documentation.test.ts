import { readFileSync } from 'node:fs';
import { LIST_SLOTS, SLOTS, VERSION } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { lslrPlugin } from '../src/index.js';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
/** Text without indentation: excerpts begin at the margin. */
const flush = (text: string) => text.replace(/^[ \t]+/gm, '');
const page = read('../../../docs/writing-a-plugin.md');
const fences = [...page.matchAll(/^```(\w*)(?: title="([^"]+)")?\n([\s\S]*?)^```$/gm)].map(
  ([, language = '', file, code = '']) => ({ language, file, code }),
);

describe('docs/writing-a-plugin.md', () => {
  it('shows code of this package only, line for line', () => {
    const excerpts = fences.filter(({ language }) => !['', 'sh'].includes(language));
    expect(excerpts.length).toBeGreaterThanOrEqual(8);
    for (const { file, code } of excerpts) {
      expect(file, `a fence without title: ${code}`).toBeDefined();
      expect(flush(read(`../${file}`)), `${file} does not contain: ${code}`).toContain(flush(code));
    }
  });

  it('lists every kind of component at its place', () => {
    const rows = [...page.matchAll(/^\| `([a-z-]+)` +\| (.+?) +\|/gm)].map(([, kind, places = '']) => ({
      kind: kind as string,
      places: [...places.matchAll(/`(\w+)`/g)].map(([, place]) => place as string),
    }));
    const expected = Object.entries({ ...SLOTS, ...LIST_SLOTS });
    expect(rows.flatMap(({ kind, places }) => places.map((place) => `${place}: ${kind}`)).sort()).toEqual(
      expected.map(([place, kind]) => `${place}: ${kind}`).sort(),
    );
  });
});

describe('the manifest', () => {
  const manifest = JSON.parse(read('../package.json')) as Record<string, Record<string, string>>;

  it('says what the plugin says', () => {
    expect(manifest.name).toBe(lslrPlugin.name);
    expect(manifest.version).toBe(lslrPlugin.version);
    expect(manifest.peerDependencies).toEqual({ '@innerloop/core': lslrPlugin.requires });
    expect(lslrPlugin.requires).toBe(`^${VERSION}`);
  });
});
