import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BackendReport, constant, InnerloopError, ops, tidy, useBackend } from '../src/index.js';
import { loadNative, NATIVE_VARIABLE } from '../src/numerics/native.js';

/** What a module of the package's name may do when it is loaded; `version` is that of its tfjs-core. */
const MODULES = {
  /** As 4.22.0 does where its install step could not download: several lines, the first of which matters. */
  broken: "throw new Error('The addon can not be found at path: /x. \\nPlease run command npm rebuild');",
  older: moduleWith({ version: '4.20.0' }),
  'with an engine of its own': moduleWith({ engine: '{}' }),
  /** Has the plain CPU's kernels, under the name of the native backend. */
  working: moduleWith({
    also: `
      const registry = globalThis._tfGlobals.get('kernelRegistry');
      for (const config of [...registry.values()].filter((config) => config.backendName === 'cpu')) {
        registry.set('tensorflow_' + config.kernelName, { ...config, backendName: 'tensorflow' });
      }
      const cpu = globalThis._tfengine.findBackendFactory('cpu');
      globalThis._tfengine.registerBackend('tensorflow', () => Object.assign(cpu(), { binding: { TF_Version: '2.99' } }), 3);
      globalThis.sawNullOrUndefined = require('util').isNullOrUndefined(undefined);`,
  }),
};

function moduleWith({ version = tf.version_core, engine = 'globalThis._tfengine', also = '' }): string {
  return `${also}
    exports.version = { 'tfjs-core': '${version}', 'tfjs-node': '9.9.9' };
    exports.engine = () => ${engine};`;
}

const folders: string[] = [];

await useBackend('cpu');

/** A folder with such a module in its node_modules. */
function folderWith(module: keyof typeof MODULES): string {
  const folder = mkdtempSync(join(tmpdir(), 'innerloop-native-'));
  folders.push(folder);
  const place = join(folder, 'node_modules', '@tensorflow', 'tfjs-node');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'package.json'), JSON.stringify({ name: '@tensorflow/tfjs-node', main: 'index.js' }));
  writeFileSync(join(place, 'index.js'), MODULES[module]);
  return folder;
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});
afterEach(() => vi.unstubAllEnvs());

/** The reason, with the folder's name taken out. */
function reasonWith(module: keyof typeof MODULES): string {
  const folder = folderWith(module);
  vi.stubEnv(NATIVE_VARIABLE, folder);
  const outcome = loadNative();
  return outcome.loaded ? 'loaded' : outcome.reason.replaceAll(folder, '<folder>');
}

const PLACE = '@tensorflow/tfjs-node in <folder>/node_modules/@tensorflow/tfjs-node';

describe('a native package that cannot be used', () => {
  it.each([
    ['broken', `${PLACE} cannot be loaded: The addon can not be found at path: /x.`],
    ['older', `${PLACE} belongs to @tensorflow/tfjs-core 4.20.0, and 4.22.0 is needed`],
    ['with an engine of its own', `${PLACE} has an engine of its own, apart from that of our @tensorflow/tfjs-core`],
  ] as const)('says why: %s', (module, reason) => {
    expect(reasonWith(module)).toBe(reason);
  });

  it('says so if the variable names a folder without it', () => {
    vi.stubEnv(NATIVE_VARIABLE, '/nowhere');
    expect(loadNative()).toEqual({
      loaded: false,
      reason: 'INNERLOOP_NATIVE names /nowhere, which has no node_modules/@tensorflow/tfjs-node',
    });
  });

  it('is passed over by auto, which says so in one sentence', async () => {
    vi.stubEnv(NATIVE_VARIABLE, '/nowhere');
    expect(await useBackend('auto')).toEqual({
      name: 'wasm',
      reason:
        'wasm was taken because native cannot be used (INNERLOOP_NATIVE names /nowhere, which has no node_modules/@tensorflow/tfjs-node)',
    });
  });

  it('is an error with what to do, if it was asked for', async () => {
    vi.stubEnv(NATIVE_VARIABLE, '/nowhere');
    const error = await useBackend('native').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InnerloopError);
    expect((error as InnerloopError).code).toBe('BACKEND_UNAVAILABLE');
    expect((error as InnerloopError).message).toBe(
      'native cannot be used (INNERLOOP_NATIVE names /nowhere, which has no node_modules/@tensorflow/tfjs-node). ' +
        'Install it (docs/native-backend.md) with `node scripts/install-native.mjs` in a clone of Innerloop, or with ' +
        '`npm install @tensorflow/tfjs-node@4.22.0` in a project of your own; or choose auto, wasm or cpu.',
    );
  });
});

/** The class of the backend that holds the data of a product that has just been computed. */
function ownerOfProduct(): { owner: string; values: number[] } {
  return tidy(() => {
    // [1 2; 3 4] [5; 6] = [17; 39]
    const product = ops.matMul(constant([1, 2, 3, 4], [2, 2]), constant([5, 6], [2, 1]));
    const { state } = tf.engine() as unknown as {
      state: { tensorInfo: WeakMap<object, { backend: { constructor: { name: string } } }> };
    };
    const owner = state.tensorInfo.get(product.data.dataId)?.backend.constructor.name ?? 'none';
    return { owner, values: [...product.values()] };
  });
}

describe('the native package of this machine', () => {
  const real = loadNative();
  const title = real.loaded ? 'computes' : `computes (skipped: ${real.reason})`;

  it.skipIf(!real.loaded)(title, async () => {
    expect(await useBackend('native')).toEqual({
      name: 'native',
      reason: expect.stringMatching(
        /^native was asked for: @tensorflow\/tfjs-node 4\.22\.0 with TensorFlow \d+\.\d+\.\d+$/,
      ),
    });
    expect(ownerOfProduct()).toEqual({ owner: 'NodeJSKernelBackend', values: [17, 39] });
    const report = await useBackend('auto');
    expect(report.name).toBe('native');
    expect(report.reason).toMatch(/^native is taken wherever it loads: /);
    // The other backends are as they were.
    await useBackend('wasm');
    expect(ownerOfProduct()).toEqual({ owner: 'BackendWasm', values: [17, 39] });
    await useBackend('cpu');
    expect(ownerOfProduct()).toEqual({ owner: 'MathBackendCPU', values: [17, 39] });
  });
});

/** Last, since the stand-in takes the place of the real backend. */
describe('a native package that can be used', () => {
  let report: BackendReport;
  beforeEach(async () => {
    await useBackend('wasm');
    if (tf.findBackendFactory('tensorflow')) tf.removeBackend('tensorflow');
    vi.stubEnv(NATIVE_VARIABLE, folderWith('working'));
    (util as { isNullOrUndefined?: unknown }).isNullOrUndefined = undefined; // as on Node 23
    report = await useBackend('auto');
  });

  it('is taken by auto, and computes', () => {
    expect(report).toEqual({
      name: 'native',
      reason: 'native is taken wherever it loads: @tensorflow/tfjs-node 9.9.9 with TensorFlow 2.99',
    });
    expect(tf.getBackend()).toBe('tensorflow');
    expect(ownerOfProduct()).toEqual({ owner: 'MathBackendCPU', values: [17, 39] });
  });

  it('finds the function that Node 23 removed', () => {
    expect((globalThis as { sawNullOrUndefined?: boolean }).sawNullOrUndefined).toBe(true);
  });
});
