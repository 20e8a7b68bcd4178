import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's directory, absolute. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/** The folders that hold packages, as in pnpm-workspace.yaml. */
const FOLDERS = ['packages', 'examples'];

/** Reads and parses a JSON file. */
export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/**
 * The packages of the workspace, the root aside.
 *
 * @returns {{ name: string, folder: string, directory: string, manifest: Record<string, any> }[]} `folder` is relative
 *   to the root, such as `packages/core`; `directory` is absolute.
 */
export function workspacePackages() {
  return FOLDERS.flatMap((parent) => {
    if (!existsSync(join(ROOT, parent))) return [];
    return readdirSync(join(ROOT, parent))
      .sort()
      .map((name) => ({ folder: `${parent}/${name}`, directory: join(ROOT, parent, name) }))
      .filter(({ directory }) => existsSync(join(directory, 'package.json')))
      .map((place) => {
        const manifest = readJson(join(place.directory, 'package.json'));
        return { ...place, name: manifest.name, manifest };
      });
  });
}

/** Every file below a directory that passes `wanted`, absolute, sorted; installed and built ones are left out. */
export function filesBelow(directory, wanted = () => true) {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (['node_modules', 'dist', 'runs', '.git'].includes(entry.name)) return [];
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return filesBelow(path, wanted);
      return wanted(path) ? [path] : [];
    });
}
