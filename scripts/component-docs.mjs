// Writes docs/components.md and the pages of docs/components from the components that come with the command. Needs no build.
import { join } from 'node:path';
import { runnerImport } from 'vite';
import { ROOT } from './lib/workspace.mjs';

const options = {
  root: ROOT,
  logLevel: 'error',
  resolve: { alias: [{ find: /^@innerloop\/([a-z-]+)$/, replacement: `${ROOT}/packages/$1/src/index.ts` }] },
};
const load = async (file) => (await runnerImport(join(ROOT, 'scripts', 'lib', file), options)).module;
const { componentPages } = await load('component-docs.ts');
const { writePages } = await load('generated-pages.ts');

const pages = componentPages();
const gone = writePages(ROOT, pages);
console.log(`docs/components.md and ${pages.size - 1} pages of docs/components are written`);
for (const path of gone) console.log(`${path} is removed: there is no such kind`);
