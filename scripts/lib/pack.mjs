import { join } from 'node:path';
import { capture, pnpm } from './process.mjs';
import { ROOT, readJson } from './workspace.mjs';

/**
 * Packs packages as they would be published. They must have been built.
 *
 * @param {readonly string[]} names Names of workspace packages.
 * @param {string} destination An absolute folder for the tarballs.
 * @returns {Promise<{ name: string, tarball: string, files: string[] }[]>} Each package with its tarball and the
 *   paths in it.
 * @throws Error with pnpm's output if packing fails.
 */
export async function pack(names, destination) {
  const { packageManager } = readJson(join(ROOT, 'package.json'));
  const chosen = names.flatMap((name) => ['--filter', name]);
  const [command, args] = pnpm(packageManager, [...chosen, 'pack', '--json', '--pack-destination', destination]);
  const { code, output, stdout } = await capture(command, args);
  if (code !== 0) throw new Error(`pnpm pack failed (exit code ${code}):\n${output}`);
  // One package gives an object, several a list.
  const packed = [JSON.parse(stdout)].flat();
  return packed.map(({ name, filename, files }) => ({ name, tarball: filename, files: files.map(({ path }) => path) }));
}
