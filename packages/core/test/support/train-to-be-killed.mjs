// Node 20 does not read TypeScript; vite does, and the tests have it.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('./train-to-be-killed.ts', import.meta.url)), {
  logLevel: 'error',
});
await module.train(process.argv[2]);
