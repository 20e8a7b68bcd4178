import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  assertPlugin,
  defineComponent,
  definePlugin,
  InnerloopError,
  loadPlugin,
  type Plugin,
  Registry,
  randomStream,
  type Spaces,
  VERSION,
  type Wrapper,
  wrapDistribution,
} from '@innerloop/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { fakePlugin, makeCheck, makeTasks, makeWrapper, pluginOf } from './support/experiment-fakes.js';

const check = (name: string) =>
  defineComponent({ kind: 'check', name, summary: 's', options: z.strictObject({}), create: () => makeCheck(name) });

async function failureOf(promise: Promise<unknown>): Promise<InnerloopError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InnerloopError);
  return error as InnerloopError;
}

describe('the registry', () => {
  test('gives components by kind and name', () => {
    const registry = new Registry([fakePlugin]);
    expect(registry.get('policy', 'first').plugin).toBe('fakes');
    expect(registry.names('trainer')).toEqual(['first', 'second', 'standalone']);
    expect(registry.kinds()).toContain('inner-optimizer');
    expect(registry.list('check').map(({ component }) => component.summary)).toEqual([
      'the first check',
      'the second check',
    ]);
  });

  test('an unknown name lists what is registered, and the nearest', () => {
    const registry = new Registry([fakePlugin]);
    expect(() => registry.get('policy', 'secnd')).toThrow(
      /'policy', one of 'first', 'second', found 'secnd'; did you mean 'second'\?/,
    );
    expect(() => registry.get('policy', 'secnd')).toThrow(expect.objectContaining({ code: 'COMPONENT_UNKNOWN' }));
    expect(() => registry.get('policy', 'standalone')).toThrow(/'standalone' is of kind 'trainer'/);
    expect(() => new Registry().get('policy', 'x')).toThrow(/none is registered.*'plugins'/);
  });

  test('a name that is taken is an error that names both plugins, and changes nothing', () => {
    const registry = new Registry([pluginOf(check('a'), 'one')]);
    const two = definePlugin({ name: 'two', version: '1.0.0', requires: '*', components: [check('b'), check('a')] });
    expect(() => registry.add(two)).toThrow(/'one' and 'two'.*'check'.*'a'/);
    expect(registry.names('check')).toEqual(['a']);
    const twice = definePlugin({
      name: 'twice',
      version: '1.0.0',
      requires: '*',
      components: [check('c'), check('c')],
    });
    expect(() => registry.add(twice)).toThrow(/'twice' and 'twice'.*'c'/);
  });

  test('the same plugin counts once; another version of it is an error', () => {
    const registry = new Registry([pluginOf(check('a'), 'one'), pluginOf(check('a'), 'one')]);
    expect(registry.plugins).toHaveLength(1);
    expect(() => registry.add({ ...pluginOf(check('a'), 'one'), version: '2.0.0' })).toThrow(
      /'one'.*1\.0\.0 and 2\.0\.0/,
    );
  });
});

describe('loadPlugin', () => {
  let folder: string;
  const source = (name: string, extra = '') => `
    import { z } from 'zod';
    ${extra}
    const plugin = {
      [Symbol.for('@innerloop/core:plugin')]: true,
      name: '${name}', version: '1.0.0', requires: '>=0.1.0',
      components: [{ kind: 'check', name: '${name}', summary: 's', options: z.strictObject({}), inject: {}, create: () => ({}) }],
    };`;

  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };

  const manifest = (fields: object) => JSON.stringify({ version: '1.0.0', type: 'module', ...fields });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'innerloop-plugins-'));
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(
      fileURLToPath(new URL('../node_modules/zod', import.meta.url)),
      join(folder, 'node_modules/zod'),
      'dir',
    );
    write('file.js', `${source('by-file')} export { plugin as whatever, plugin as default };`);
    write('package.json', manifest({ name: 'root' }));
    write('folder/package.json', manifest({ name: 'in-folder', exports: { '.': './lib/entry.js' } }));
    write('folder/lib/entry.js', `${source('in-folder')} export default plugin;`);
    write('main/package.json', manifest({ name: 'with-main', main: 'm.js' }));
    write('main/m.js', `${source('with-main')} export { plugin };`);
    write('unbuilt/package.json', manifest({ name: 'unbuilt', exports: './dist/index.js' }));
    write('bare/x.js', '');
    write('node_modules/a-package/package.json', manifest({ name: 'a-package', exports: './index.js' }));
    write('node_modules/a-package/index.js', `${source('a-package')} export const anything = plugin;`);
    write('throws.js', `throw new Error('no licence');`);
    write('empty.js', 'export const something = { components: [] };');
    write('two.js', `${source('x')} export const a = plugin; export const b = { ...plugin, name: 'y' };`);
    write(
      'future.js',
      `${source('future')} export const p = { ...plugin, requires: '^99.0.0', components: 'of another shape' };`,
    );
    write('ranges.js', `${source('ranges')} export const p = { ...plugin, requires: 'soon' };`);
    write(
      'shape.js',
      `${source('shape')} export const p = { ...plugin, components: [{ ...plugin.components[0], options: {} }] };`,
    );
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    ['./file.js', 'by-file'],
    ['./folder', 'in-folder'],
    ['./main', 'with-main'],
    ['a-package', 'a-package'],
  ])('loads %s', async (specifier, name) => {
    expect((await loadPlugin(specifier, folder)).name).toBe(name);
  });

  test('loads from absolute paths and file addresses, and a package from the folders above', async () => {
    expect((await loadPlugin(join(folder, 'main'), '/')).name).toBe('with-main');
    expect((await loadPlugin(pathToFileURL(join(folder, 'file.js')).href, '/')).name).toBe('by-file');
    expect((await loadPlugin('a-package', join(folder, 'folder/lib'))).name).toBe('a-package');
  });

  test.each([
    ['./nowhere', /'\.\/nowhere' was not found.*no file or folder .*nowhere/],
    ['./bare', /'\.\/bare' was not found.*no package\.json/],
    ['./unbuilt', /'\.\/unbuilt' was not found.*Was it built\?/],
    ['no-such-package', /'no-such-package' was not found.*innerloop-plugins-.* or .*Install it/],
    ['fs', /'fs' was not found.*node:fs/],
  ])('%s is PLUGIN_NOT_FOUND', async (specifier, message) => {
    const error = await failureOf(loadPlugin(specifier, folder));
    expect(error.code).toBe('PLUGIN_NOT_FOUND');
    expect(error.message).toMatch(message);
  });

  test.each([
    ['./throws.js', /'\.\/throws\.js'.*failed while it was loaded: no licence/],
    ['./empty.js', /expected.*definePlugin.*found no plugin among its exports \(something\)/],
    ['./two.js', /found 2 plugins \('x', 'y'\)/],
    ['./ranges.js', /expected 'requires' to be a range.*found soon/],
    ['./shape.js', /component 'shape': expected 'options' to be an object schema of zod/],
  ])('%s is PLUGIN_INVALID', async (specifier, message) => {
    const error = await failureOf(loadPlugin(specifier, folder));
    expect(error.code).toBe('PLUGIN_INVALID');
    expect(error.message).toMatch(message);
  });

  test('a plugin for another core is PLUGIN_VERSION, whatever else is wrong with it', async () => {
    const error = await failureOf(loadPlugin('./future.js', folder));
    expect(error.code).toBe('PLUGIN_VERSION');
    expect(error.message).toContain(`expected @innerloop/core ^99.0.0, found ${VERSION}`);
  });
});

test.each([
  [{ name: '' }, /'name'/],
  [{ version: 'new' }, /'version'.*found new/],
  [{ components: undefined }, /'components' to be a list, found undefined/],
  [{ components: [{}] }, /components\[0\]: expected 'kind'/],
  [{ components: [{ ...check('a'), choose: 1 }] }, /'a': expected 'choose' to be a text, found number/],
  [{ components: [{ ...check('a'), create: 1 }] }, /'a': expected 'create' to be a function, found number/],
  [{ components: [{ ...check('a'), inject: undefined }] }, /'a': expected 'inject'.*defineComponent/],
])('a plugin with %j is refused', (fields, message) => {
  const plugin = { ...pluginOf(check('a')), ...fields } as unknown as Plugin;
  expect(() => assertPlugin(plugin, 'The plugin')).toThrow(message);
});

test('the version is that of the package', () => {
  expect(VERSION).toMatch(/^\d+\.\d+\.\d+/);
});

describe('wrapDistribution', () => {
  test('applies wrappers in order: the first is next to the environment', () => {
    const plusOne = makeWrapper();
    // The fake wrapper makes 10 r + 1 of a reward r: of action 1, 11 with one and 111 with two.
    const random = randomStream({ seed: 1, purpose: 'user' });
    const rewards = [[], [plusOne], [plusOne, plusOne]].map((wrappers) => {
      const environment = wrapDistribution(makeTasks(), wrappers).create(0);
      environment.reset(random);
      return environment.step(1).reward;
    });
    expect(rewards).toEqual([1, 11, 111]);
    const double = {
      ...plusOne,
      wrap: (inner: Parameters<typeof plusOne.wrap>[0]) => ({
        ...inner,
        reset: inner.reset.bind(inner),
        step: (action: Parameters<typeof inner.step>[0]) => ({
          ...inner.step(action),
          reward: 2 * inner.step(action).reward,
        }),
      }),
    };
    // 2 · (10 · 1 + 1) = 22 when doubling is outside, 10 · (2 · 1) + 1 = 21 when it is inside.
    const of = (wrappers: (typeof plusOne)[]) => wrapDistribution(makeTasks(), wrappers).create(0).step(1).reward;
    expect([of([plusOne, double]), of([double, plusOne])]).toEqual([22, 21]);
  });

  test('keeps horizon, tasks and task sets, and has the outer spaces', () => {
    const view = { axes: [0, 0] as const };
    const wrapped = wrapDistribution({ ...makeTasks(), view: () => view }, [makeWrapper(), makeWrapper()]);
    expect(wrapped.horizon).toBe(7);
    expect(wrapped.actionSpace).toEqual({ kind: 'discrete', count: 4 });
    expect(wrapped.taskSets).toEqual({ corners: [0, 1, 2, 3] });
    expect(wrapped.sample(randomStream({ seed: 1, purpose: 'user' }), 2)).toEqual([0, 1]);
    expect(wrapped.view?.(0)).toBe(view);
    expect('references' in wrapped).toBe(false);
  });

  test('keeps published results only where the returns that are reported are those of the tasks themselves', () => {
    const tasks = { ...makeTasks(), references: [{ label: 'Somebody 2017', meanReturn: [-3], source: 'a table' }] };
    const kept = (...effects: (Wrapper['returns'] | undefined)[]) =>
      'references' in
      wrapDistribution(
        tasks,
        effects.map((returns) => ({ ...makeWrapper(), ...(returns && { returns }) })),
      );
    expect([kept(undefined), kept('kept', 'rewards'), kept('kept')]).toEqual([true, true, true]);
    expect([kept('rewards'), kept('rewards', 'kept'), kept('kept', 'episodes')]).toEqual([false, false, false]);
  });

  test('draws nothing where wrappers change what is observed: axes and target would be of something else', () => {
    const view = { axes: [0, 0] as const };
    const other = { ...makeWrapper(), spaces: (spaces: Spaces) => ({ ...spaces, observationSpace: box(-5) }) };
    const box = (low: number) => ({ kind: 'box', low: [low], high: [3] }) as const;
    expect('view' in wrapDistribution({ ...makeTasks(), view: () => view }, [other])).toBe(false);
    const same = makeTasks().observationSpace;
    // Its bounds are equal, yet what is between them may be anything.
    const copy = { ...makeWrapper(), spaces: (spaces: Spaces) => ({ ...spaces, observationSpace: { ...same } }) };
    expect('view' in wrapDistribution({ ...makeTasks(), view: () => view }, [copy])).toBe(false);
  });
});
