import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mergeConfig, type Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import type { Reporter, TestModule } from 'vitest/node';
import base from '../vitest.config.js';
import { mutated } from './lib/mutate.mjs';
import { ROOT } from './lib/workspace.mjs';

/** The tests of vitest.config.ts with one mistake put into one source file; started by lib/mutate.mjs alone. */
const mutation = process.env.MUTATION ? JSON.parse(process.env.MUTATION) : undefined;
const record = process.env.MUTATION_RECORD as string;
let applied = false;

const plugin: Plugin = {
  name: 'innerloop-mutation',
  enforce: 'pre',
  transform(code, id) {
    if (!mutation || id.split('?')[0] !== join(ROOT, mutation.file)) return undefined;
    applied = true;
    return mutated(mutation, code);
  },
};

/** Errors of failed expectations: chai's, and those of matchers added by `expect.extend`, which vitest marks. */
function isAssertion(error: object): boolean {
  return ('name' in error && error.name === 'AssertionError') || '__vitest_error_context__' in error;
}

const reporter: Reporter = {
  onTestRunEnd(modules: readonly TestModule[], unhandled) {
    const all = modules.flatMap((module) => [...module.children.allTests()]);
    const ran = all.filter((test) => ['passed', 'failed'].includes(test.result().state));
    const failed = ran.filter((test) => test.result().state === 'failed');
    const broken = modules.flatMap((module) => module.errors().map((error) => `${module.moduleId}: ${error.message}`));
    const report = {
      ended: true,
      applied,
      tests: ran.length,
      broken: [...broken, ...unhandled.map((error) => error.message)],
      failed: failed.map((test) => {
        const errors = test.result().errors ?? [];
        return { test: test.fullName, error: errors[0]?.message ?? '', assertion: errors.some(isAssertion) };
      }),
    };
    writeFileSync(record, JSON.stringify(report));
  },
};

export default mergeConfig(
  base,
  defineConfig({ root: ROOT, plugins: [plugin], test: { cache: false, reporters: ['default', reporter] } }),
);
