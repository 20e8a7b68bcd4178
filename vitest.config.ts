import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // Tests run on the sources, so that there is one copy of each module. Only worker threads and the command itself run what was built.
    alias: [
      {
        find: /^@innerloop\/core\/testing$/,
        replacement: fileURLToPath(new URL('./packages/core/src/testing/index.ts', import.meta.url)),
      },
      {
        find: /^@innerloop\/([a-z-]+)$/,
        replacement: `${fileURLToPath(new URL('./packages/', import.meta.url))}$1/src/index.ts`,
      },
    ],
  },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'examples/*/test/**/*.test.ts', 'scripts/test/**/*.test.ts'],
    setupFiles: ['./scripts/vitest-setup.ts'],
    testTimeout: 30_000,
    maxWorkers: 2,
    watch: false,
  },
});
