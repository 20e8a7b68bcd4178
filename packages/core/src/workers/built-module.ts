import { existsSync, realpathSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { messageOf } from '../errors.js';

/** A module that a worker thread can import, or why it cannot. */
export type WorkerModule = { readonly url: string } | { readonly obstacle: string };

/**
 * The JavaScript file by which a worker thread imports a module of this thread.
 *
 * A worker is plain Node: it resolves no aliases and, on Node 20, reads no TypeScript. Where this thread runs a package from its sources
 * (our tests do, through vitest), the worker therefore takes the same module from the package's build: `<package>/src/x.ts` becomes
 * `<package>/dist/x.js`. So such tests need a build first (`npm test` makes one), and it must be that of the same sources.
 *
 * @param module A `file:` URL, such as `import.meta.url`.
 */
export function workerModule(module: string): WorkerModule {
  let path: string;
  try {
    path = fileURLToPath(module);
  } catch (error) {
    return { obstacle: `its module '${module}' is not the URL of a file (${messageOf(error)})` };
  }
  if (isProgram(path)) return { obstacle: `its module ${path} is the program itself; move it to a module of its own` };
  const built = path.replace(/([\\/])src([\\/](?:(?![\\/]src[\\/]).)*)$/, '$1dist$2').replace(/\.(m|c)?ts$/, '.$1js');
  if (/\.(m|c)?ts$/.test(path) || !existsSync(path)) {
    if (existsSync(built)) return { url: pathToFileURL(built).href };
    const what = existsSync(path) ? 'is TypeScript' : 'is missing';
    const where = built === path ? '' : `, and there is no build of it at ${built} (npm run build)`;
    return { obstacle: `its module ${path} ${what}${where}` };
  }
  return { url: module };
}

/** A worker that imported the program would run it once more. */
function isProgram(path: string): boolean {
  try {
    return process.argv[1] !== undefined && realpathSync(process.argv[1]) === realpathSync(path);
  } catch {
    return false;
  }
}
