// Node 20 does not read TypeScript; vite does, and the tests have it.
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const packages = fileURLToPath(new URL('../../../', import.meta.url));
const { module } = await runnerImport(fileURLToPath(new URL('./train-and-measure.ts', import.meta.url)), {
  logLevel: 'error',
  resolve: { alias: [{ find: /^@innerloop\/([a-z-]+)$/, replacement: `${packages}$1/src/index.ts` }] },
});
process.stdout.write(JSON.stringify(await module.trainAndMeasure(JSON.parse(process.argv[2]))));
