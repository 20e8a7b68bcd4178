// Runs TypeScript from standard input as if it were the file given, with our packages taken from their sources.
import { text } from 'node:stream/consumers';
import { runnerImport } from 'vite';
import { ROOT } from './workspace.mjs';

const [place] = process.argv.slice(2);
const code = await text(process.stdin);

await runnerImport(place, {
  root: ROOT,
  logLevel: 'error',
  resolve: { alias: [{ find: /^@innerloop\/([a-z-]+)$/, replacement: `${ROOT}/packages/$1/src/index.ts` }] },
  plugins: [
    {
      name: 'innerloop-standard-input',
      enforce: 'pre',
      resolveId: (id) => (id === place ? place : undefined),
      load: (id) => (id === place ? code : undefined),
    },
  ],
});
