import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { main } from '../../packages/cli/src/main.js';
import { commandLines, read } from '../lib/docs.js';
import { ROOT } from '../lib/workspace.mjs';
import { PAGES } from './support/pages.js';

describe('every command line', () => {
  const lines = PAGES.flatMap((file) =>
    commandLines(read(file)).map((line) => ({ file, line, words: line.split(/\s+/) })),
  );

  /** The scripts of the package that a page belongs to. */
  const scriptsOf = (file: string) => {
    const own = `${file.split('/').slice(0, 2).join('/')}/package.json`;
    return Object.keys(JSON.parse(read(existsSync(join(ROOT, own)) ? own : 'package.json')).scripts ?? {});
  };

  it.each(lines)('$file: $line', async ({ file, words }) => {
    const [tool, first = '', second = ''] = words;
    const files = words.filter((word) => /^(packages|scripts|configs|examples)\//.test(word));
    expect(files.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    const script = first === 'run' ? second : ['start', 'test'].includes(first) ? first : undefined;
    if (tool === 'npm' && script !== undefined) expect(scriptsOf(file)).toContain(script);
    if (first !== 'innerloop') return;
    const help = await helpOf(second);
    for (const option of words.filter((word) => word.startsWith('--'))) expect(help).toContain(`${option} `);
  });

  /** What `innerloop <command> --help` prints. */
  async function helpOf(command: string): Promise<string> {
    let printed = '';
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    try {
      expect(await main(['node', 'innerloop', command, '--help'])).toBe(0);
    } finally {
      write.mockRestore();
    }
    expect(printed).toContain(`innerloop ${command}`);
    return printed;
  }
});
