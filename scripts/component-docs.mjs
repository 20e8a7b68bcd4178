// Writes docs/components.md from the schemas of the components that come with the command. Needs no build.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runnerImport } from 'vite';
import { ROOT } from './lib/workspace.mjs';

const { module } = await runnerImport(join(ROOT, 'scripts', 'lib', 'component-docs.ts'), {
  root: ROOT,
  logLevel: 'error',
  resolve: { alias: [{ find: /^@innerloop\/([a-z-]+)$/, replacement: `${ROOT}/packages/$1/src/index.ts` }] },
});
const path = join(ROOT, 'docs', 'components.md');
writeFileSync(path, module.componentDocs());
console.log(`${path} is written`);
