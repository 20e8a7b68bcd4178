import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { InnerloopError } from '../src/errors.js';
import { workerModule } from '../src/workers/built-module.js';
import { connect, handOver, serve } from '../src/workers/comlink.js';
import { fromFault, toFault } from '../src/workers/faults.js';
import { SharedVectors } from '../src/workers/shared-vector.js';
import { temporaryFolder } from './support/temporary.js';

describe('an error across the boundary', () => {
  const across = (error: unknown) => fromFault(structuredClone(toFault(error)));

  test('keeps its code, message, stack and causes', () => {
    const cause = new TypeError('x is not a function', { cause: new Error('deeper') });
    const error = new InnerloopError('ENVIRONMENT_INVALID', 'Environment threw', { cause });
    const again = across(error) as InnerloopError;
    expect(again).toBeInstanceOf(InnerloopError);
    expect(again).toMatchObject({ code: 'ENVIRONMENT_INVALID', message: 'Environment threw', stack: error.stack });
    expect(again.cause).toMatchObject({ name: 'TypeError', message: 'x is not a function', stack: cause.stack });
    expect((again.cause as Error).cause).toMatchObject({ message: 'deeper' });
  });

  test('that is none of ours stays one without a code', () => {
    const again = across(new RangeError('too far'));
    expect(again).not.toBeInstanceOf(InnerloopError);
    expect(again).toMatchObject({ name: 'RangeError', message: 'too far' });
    expect(across('a text').message).toBe('a text');
  });

  test('that is its own cause comes to an end', () => {
    const error = new Error('round');
    error.cause = error;
    expect(across(error).message).toBe('round');
  });
});

describe('vectors', () => {
  const ports: MessageChannel[] = [];
  afterEach(() => {
    for (const { port1 } of ports.splice(0)) port1.close();
  });

  test('of an answer are handed over: they arrive, and are gone where they came from', async () => {
    const channel = new MessageChannel();
    ports.push(channel);
    const vectors = [Float64Array.of(1, 2), Float64Array.of(3, 4)];
    serve({ answer: () => handOver({ value: vectors }, vectors) }, channel.port1);
    const { value } = await connect<{ answer(): { value: Float64Array[] } }>(channel.port2).answer();
    expect(value.map((vector) => [...vector])).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(vectors.map(({ length }) => length)).toEqual([0, 0]);
  });

  test('that are asked about are shared once, and are never written to again', () => {
    const shared = new SharedVectors();
    const theta = Float64Array.of(1, -0, Number.NaN);
    const first = shared.share(theta);
    expect(first.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect([...first]).toEqual([1, -0, Number.NaN]);
    expect(shared.share(theta.slice())).toBe(first);
    theta[1] = 0;
    expect(Object.is(shared.share(theta)[1], 0)).toBe(true);
    expect(Object.is(first[1], -0)).toBe(true);
    expect(shared.share(Float64Array.of(1))).toHaveLength(1);
  });
});

describe('the module that a worker imports', () => {
  const file = (folder: string, ...path: string[]) => {
    const name = join(folder, ...path);
    mkdirSync(join(name, '..'), { recursive: true });
    writeFileSync(name, 'export {};\n');
    return pathToFileURL(name).href;
  };

  test('is the one given, if it is JavaScript', () => {
    const url = file(temporaryFolder(), 'plugin.js');
    expect(workerModule(url)).toEqual({ url });
  });

  test('is the build of TypeScript sources, by the last folder named src', () => {
    const folder = temporaryFolder();
    const source = file(folder, 'src', 'package', 'src', 'deep', 'plugin.ts');
    expect(workerModule(source)).toEqual({
      obstacle: expect.stringMatching(/plugin\.ts is TypeScript, .*\(npm run build\)/),
    });
    const built = file(folder, 'src', 'package', 'dist', 'deep', 'plugin.js');
    expect(workerModule(source)).toEqual({ url: built });
    // A worker's entry is named by its built file, also from the sources.
    expect(workerModule(source.replace(/ts$/, 'js'))).toEqual({ url: built });
  });

  test('is none where it is missing, no file, or the program itself', () => {
    const missing = pathToFileURL(join(temporaryFolder(), 'gone.js')).href;
    expect(workerModule(missing)).toEqual({ obstacle: expect.stringContaining('gone.js is missing') });
    expect(workerModule('data:text/javascript,1')).toEqual({
      obstacle: expect.stringContaining('not the URL of a file'),
    });
    const program = pathToFileURL(process.argv[1] as string).href;
    expect(workerModule(program)).toEqual({ obstacle: expect.stringContaining('is the program itself') });
  });
});
