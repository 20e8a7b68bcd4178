import { existsSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve as resolvePath } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve as resolveModule } from 'import-meta-resolve';
import semver from 'semver';
import { InnerloopError, messageOf } from '../errors.js';
import { VERSION } from '../version.js';
import { definePlugin, isPlugin, type Plugin } from './define.js';

/** Whether a plugin is named by where it lies, not by its package's name. */
export function isPluginPath(specifier: string): boolean {
  return /^\.{1,2}([\\/]|$)/.test(specifier) || isAbsolute(specifier) || specifier.startsWith('file:');
}

/**
 * Loads a plugin by its package's name or by path (a folder with a package.json, or a JavaScript file).
 *
 * @param specifier As under `plugins:` in a config.
 * @param baseDirectory What paths are relative to, and where the search for packages begins; then the working
 *   directory.
 * @throws InnerloopError PLUGIN_NOT_FOUND, PLUGIN_INVALID or PLUGIN_VERSION.
 */
export async function loadPlugin(specifier: string, baseDirectory: string): Promise<Plugin> {
  const url = isPluginPath(specifier)
    ? locatePath(specifier, baseDirectory)
    : locatePackage(specifier, [baseDirectory, process.cwd()]);
  const file = fileURLToPath(url);
  if (!existsSync(file)) throw notFound(specifier, `its entry ${file} is not there. Was it built?`);
  let module: Record<string, unknown>;
  try {
    module = (await import(url)) as Record<string, unknown>;
  } catch (error) {
    throw new InnerloopError(
      'PLUGIN_INVALID',
      `The plugin '${specifier}' (${file}) failed while it was loaded: ${messageOf(error)}`,
      { cause: error },
    );
  }
  const plugin = pluginOf(module, specifier);
  assertPlugin(plugin, `The plugin '${specifier}'`);
  return plugin.module === undefined ? definePlugin({ ...plugin, module: url }) : plugin;
}

/**
 * Checks a plugin's fields and that it fits this version of core.
 *
 * @param subject How the message begins, such as `The plugin './x'`.
 * @throws InnerloopError PLUGIN_INVALID or PLUGIN_VERSION.
 */
export function assertPlugin(plugin: Plugin, subject: string): void {
  const refuse = (fault: string | undefined) => {
    if (fault) throw new InnerloopError('PLUGIN_INVALID', `${subject} is not usable: ${fault}.`);
  };
  refuse(headFault(plugin));
  // Before the components, whose shape may be that of another version.
  if (!semver.satisfies(VERSION, plugin.requires, { includePrerelease: true })) {
    throw new InnerloopError(
      'PLUGIN_VERSION',
      `${subject} ('${plugin.name}' ${plugin.version}) expected @innerloop/core ${plugin.requires}, found ${VERSION}. ` +
        'Install a version of the plugin that fits this core, or the core that it needs.',
    );
  }
  const components: unknown = plugin.components;
  if (!Array.isArray(components)) refuse(`expected 'components' to be a list, found ${typeof components}`);
  else refuse(components.map(componentFault).find((fault) => fault !== undefined));
}

function notFound(specifier: string, detail: string, cause?: unknown): InnerloopError {
  return new InnerloopError('PLUGIN_NOT_FOUND', `The plugin '${specifier}' was not found: ${detail}`, { cause });
}

function locatePackage(specifier: string, directories: readonly string[]): string {
  let cause: unknown;
  for (const directory of new Set(directories.map((path) => resolvePath(path)))) {
    try {
      const url = resolveModule(specifier, pathToFileURL(join(directory, 'config.yaml')).href);
      if (url.startsWith('file:')) return url;
      cause = new Error(`it leads to ${url}, which is no file`);
    } catch (error) {
      cause ??= error;
    }
  }
  throw notFound(
    specifier,
    `no package of that name can be imported from ${directories.join(' or ')} (${messageOf(cause)}). ` +
      `Install it there, or give a path that begins with './'.`,
    cause,
  );
}

function locatePath(specifier: string, baseDirectory: string): string {
  let path: string;
  try {
    path = specifier.startsWith('file:') ? fileURLToPath(specifier) : resolvePath(baseDirectory, specifier);
  } catch (error) {
    throw notFound(specifier, messageOf(error), error);
  }
  if (!existsSync(path)) throw notFound(specifier, `there is no file or folder ${path}`);
  return statSync(path).isDirectory() ? locateFolder(specifier, path) : pathToFileURL(path).href;
}

/** The entry module of a package's folder, by its `exports`, else its `main`, else index.js. */
function locateFolder(specifier: string, folder: string): string {
  const manifest = join(folder, 'package.json');
  if (!existsSync(manifest)) {
    throw notFound(specifier, `the folder ${folder} has no package.json; give the path of its JavaScript file instead`);
  }
  try {
    const { name, exports, main } = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, unknown>;
    // A package with exports can import itself by name.
    if (typeof name === 'string' && exports !== undefined) return resolveModule(name, pathToFileURL(manifest).href);
    return pathToFileURL(join(folder, typeof main === 'string' ? main : 'index.js')).href;
  } catch (error) {
    throw notFound(specifier, `the entry of ${manifest} cannot be found (${messageOf(error)})`, error);
  }
}

/** The plugins that a module exports. */
export function pluginsIn(module: Record<string, unknown>): Plugin[] {
  // All that a CommonJS module exports may be below its default export.
  const inDefault = typeof module.default === 'object' && module.default !== null ? Object.values(module.default) : [];
  const exported: unknown[] = [...Object.values(module), ...inDefault];
  return [...new Set(exported.filter(isPlugin))];
}

function pluginOf(module: Record<string, unknown>, specifier: string): Plugin {
  const plugins = pluginsIn(module);
  const [plugin] = plugins;
  if (plugin && plugins.length === 1) return plugin;
  const found = plugin
    ? `${plugins.length} plugins (${plugins.map(({ name }) => `'${name}'`).join(', ')})`
    : `no plugin among its exports (${Object.keys(module).join(', ') || 'none'})`;
  throw new InnerloopError(
    'PLUGIN_INVALID',
    `The plugin '${specifier}' expected to export one value made by definePlugin(), found ${found}.`,
  );
}

function headFault(plugin: Plugin): string | undefined {
  const { name, version, requires, module } = plugin as Partial<Record<keyof Plugin, unknown>>;
  if (typeof name !== 'string' || name === '') return `expected 'name' to be a package name, found ${String(name)}`;
  if (typeof version !== 'string' || !semver.valid(version)) {
    return `expected 'version' to be a version such as 1.2.3, found ${String(version)}`;
  }
  if (typeof requires !== 'string' || semver.validRange(requires) === null) {
    return `expected 'requires' to be a range of @innerloop/core versions such as ^${VERSION}, found ${String(requires)}`;
  }
  if (module !== undefined && typeof module !== 'string') {
    return `expected 'module' to be a URL such as import.meta.url, found ${String(module)}`;
  }
  return undefined;
}

function componentFault(component: unknown, index: number): string | undefined {
  const fields = (typeof component === 'object' && component !== null ? component : {}) as Record<string, unknown>;
  const place = typeof fields.name === 'string' ? `component '${fields.name}'` : `components[${index}]`;
  for (const field of ['kind', 'name', 'summary']) {
    if (typeof fields[field] !== 'string')
      return `${place}: expected '${field}' to be a text, found ${typeof fields[field]}`;
  }
  if (fields.choose !== undefined && typeof fields.choose !== 'string')
    return `${place}: expected 'choose' to be a text, found ${typeof fields.choose}`;
  if (typeof fields.create !== 'function')
    return `${place}: expected 'create' to be a function, found ${typeof fields.create}`;
  if (typeof fields.inject !== 'object' || fields.inject === null) {
    return `${place}: expected 'inject' to be an object; make components with defineComponent()`;
  }
  const options = fields.options as { _zod?: { def?: { type?: unknown } } } | undefined;
  if (options?._zod?.def?.type !== 'object') return `${place}: expected 'options' to be an object schema of zod 4`;
  return undefined;
}
