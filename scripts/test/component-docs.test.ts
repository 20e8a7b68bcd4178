import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configJsonSchema, definePlugin, type Json, parseConfig, resolveExperiment } from '@innerloop/core';
import { lslrComponent } from 'innerloop-plugin-lslr';
import { afterEach, describe, expect, it } from 'vitest';
import { defaultPlugins } from '../../packages/cli/src/default-plugins.js';
import { componentPages, standardRegistry } from '../lib/component-docs.js';
import { KIND_PAGES } from '../lib/component-kinds.js';
import { codeSpans, section, tables } from '../lib/docs.js';
import { MADE_BY, outdatedPages, writePages } from '../lib/generated-pages.js';
import { ROOT } from '../lib/workspace.mjs';

const registry = standardRegistry();
const pages = componentPages();
const components = registry
  .kinds()
  .flatMap((kind) =>
    registry.list(kind).map(({ component, plugin }) => ({ kind, name: component.name as string, component, plugin })),
  );
const pageOf = (kind: string) => pages.get(`docs/components/${kind}.md`) ?? '';
const withoutBreaks = (text: string) => text.replace(/\s+/g, ' ');

describe('the pages about components', () => {
  it('are up to date, and there is none of a kind that is gone (node scripts/component-docs.mjs)', () => {
    expect(outdatedPages(ROOT, pages)).toEqual([]);
  });

  it('are one for each kind and an index that links every component', () => {
    expect([...pages.keys()].sort()).toEqual(
      ['docs/components.md', ...registry.kinds().map((kind) => `docs/components/${kind}.md`)].sort(),
    );
    const index = pages.get('docs/components.md') ?? '';
    for (const { kind, name } of components) expect(index).toContain(`](components/${kind}.md#${name})`);
  });

  it.each(components)('say of $kind $name what it is, when to choose it and what its options are', (entry) => {
    const { kind, name, component, plugin } = entry;
    const text = section(pageOf(kind), name);
    expect(withoutBreaks(text)).toContain(`${component.summary}. From \`${plugin}\`.`);
    expect(withoutBreaks(text)).toContain(`**When to choose it.** ${component.choose}`);
    const options = tables(text).find(({ head }) => head[0] === 'Option')?.rows ?? [];
    const shape = component.options.shape as Record<string, { readonly description?: string }>;
    expect(options.map(([option]) => option)).toEqual(Object.keys(shape).map((option) => `\`${option}\``));
    for (const [option = '', range, , meaning] of options) {
      expect(range, option).not.toBe('');
      expect(meaning?.replaceAll('\\|', '|'), option).toBe(shape[option.replaceAll('`', '')]?.description);
    }
    const overview = tables(pageOf(kind)).find(({ head }) => head[0] === 'Name')?.rows ?? [];
    expect(overview).toContainEqual([`[\`${name}\`](#${name})`, `${component.summary}.`, `\`${plugin}\``]);
  });

  it('fail to be made when a kind has no page of its own', () => {
    const other = standardRegistry();
    other.add(definePlugin({ name: 'odd', version: '1.0.0', requires: '*', components: [ofKind('memory')] }));
    expect(() => componentPages(other)).toThrow(/the kinds are .*memory/);
  });

  function ofKind(kind: string) {
    return { ...lslrComponent, kind } as unknown as typeof lslrComponent;
  }
});

describe('the examples of the pages', () => {
  const meta = { trainer: 'maml', objective: 'maml', inner: 'vpg', meta: 'trpo' };
  const examples = KIND_PAGES.flatMap(({ kind, examples: texts }) => texts.map((text) => ({ kind, text })));

  it.each(examples)('$kind: $text', async ({ kind, text }) => {
    expect(pageOf(kind)).toContain(`\`\`\`yaml\n${text}\n\`\`\``);
    const { config } = parseConfig(text, 'example.yaml');
    const given = config as Record<string, Json>;
    const base = given.optimizer ? { trainer: 'policy-gradient' } : meta;
    const whole = { tasks: 'point-navigation', policy: 'gaussian-mlp', ...base, ...given };
    const { config: resolved } = await resolveExperiment(whole, { plugins: defaultPlugins });
    expect(resolved).toMatchObject(given);
  });
});

describe('when to choose it', () => {
  const known = namesIn(JSON.parse(JSON.stringify(configJsonSchema(registry))) as Json);

  it.each(components)('$kind $name says it in one to three sentences, of names that there are', ({ component }) => {
    const advice: string = component.choose ?? '';
    expect(advice).toMatch(/^[A-Z].*\.$/);
    expect(advice.length).toBeGreaterThan(80);
    expect(advice.split(/\.(?= |$)/).filter((sentence) => sentence !== '').length).toBeLessThanOrEqual(3);
    const named = codeSpans(advice).flatMap((span) => span.match(/[A-Za-z][\w-]*/g) ?? []);
    expect(named.filter((word) => !known.has(word))).toEqual([]);
  });

  /** Every key, constant and choice of a JSON Schema. */
  function namesIn(schema: Json): Set<string> {
    const found = new Set<string>(registry.kinds());
    const visit = (value: Json, key = ''): void => {
      if (typeof value === 'string' && ['const', 'enum'].includes(key)) found.add(value);
      if (Array.isArray(value)) for (const item of value) visit(item, key);
      else if (typeof value === 'object' && value !== null) {
        for (const [inner, child] of Object.entries(value)) {
          if (key === 'properties') found.add(inner);
          visit(child as Json, inner);
        }
      }
    };
    visit(schema);
    // The values of switches, and a task set, which no schema lists.
    for (const value of ['true', 'false', 'paper']) found.add(value);
    return found;
  }
});

describe('what advice says of the configs', () => {
  type Chosen = { readonly use: string } & Readonly<Record<string, Json>>;
  type Config = {
    readonly wrappers?: readonly Chosen[];
    readonly advantages: Chosen;
    readonly baseline: Chosen;
  };
  const configOf = (path: string) => {
    const { config } = parseConfig(readFileSync(join(ROOT, 'configs', `${path}.yaml`), 'utf8'), path);
    return config as unknown as Config;
  };
  const wrappersOf = (path: string) => (configOf(path).wrappers ?? []).map(({ use }) => use);
  const both = (problem: string) => [`${problem}/trpo`, `${problem}/vpg`];

  it('gae: 0.95 or 0.97 with mlp-value for classic control, 1 with linear-feature for 2D navigation', () => {
    const control = ['cart-pole', 'acrobot', 'pendulum', 'mountain-car', 'mountain-car-continuous'].flatMap(both);
    for (const { advantages, baseline } of control.map(configOf)) {
      expect([0.95, 0.97]).toContain(advantages.lambda);
      expect([advantages.use, baseline.use]).toEqual(['gae', 'mlp-value']);
    }
    const { advantages, baseline } = configOf('point-navigation/maml-trpo');
    expect([advantages.use, advantages.lambda, baseline.use]).toEqual(['gae', 1, 'linear-feature']);
  });

  it('mountain cars: action-repeat and observation-normalization; acrobot: no help to explore', () => {
    for (const path of ['mountain-car', 'mountain-car-continuous'].flatMap(both)) {
      expect(wrappersOf(path)).toEqual(expect.arrayContaining(['action-repeat', 'observation-normalization']));
    }
    for (const path of both('acrobot')) expect(wrappersOf(path)).not.toContain('action-repeat');
  });
});

describe('pages on the disk', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  /** A root with one page that is right, one that is stale, one of a kind that is gone, and one missing. */
  function root(gone: string): { root: string; wanted: Map<string, string> } {
    const folder = mkdtempSync(join(tmpdir(), 'innerloop-pages-'));
    folders.push(folder);
    mkdirSync(join(folder, 'docs', 'components'), { recursive: true });
    writeFileSync(join(folder, 'docs/components.md'), 'index');
    writeFileSync(join(folder, 'docs/components/policy.md'), 'before');
    writeFileSync(join(folder, 'docs/components/memory.md'), gone);
    return {
      root: folder,
      wanted: new Map([
        ['docs/components.md', 'index'],
        ['docs/components/policy.md', 'now'],
        ['docs/components/tasks.md', 'tasks'],
      ]),
    };
  }

  it('that are stale, missing or of a kind that is gone are told, and put right', () => {
    const { root: folder, wanted } = root(`# Memories\n\n${MADE_BY}\n`);
    expect(outdatedPages(folder, wanted)).toEqual([
      'docs/components/policy.md is not up to date',
      'docs/components/tasks.md is missing',
      'docs/components/memory.md is of no kind that there is',
    ]);
    expect(writePages(folder, wanted)).toEqual(['docs/components/memory.md']);
    expect(existsSync(join(folder, 'docs/components/memory.md'))).toBe(false);
    expect(outdatedPages(folder, wanted)).toEqual([]);
  });

  it('that someone wrote by hand are left alone', () => {
    const { root: folder, wanted } = root('my notes');
    expect(() => writePages(folder, wanted)).toThrow(/docs\/components\/memory.md/);
    expect(readFileSync(join(folder, 'docs/components/memory.md'), 'utf8')).toBe('my notes');
  });
});
