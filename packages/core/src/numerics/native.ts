import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { messageOf } from '../errors.js';

/**
 * The native backend: TensorFlow by way of `@tensorflow/tfjs-node`, an optional peer dependency that many machines cannot
 * install from npm alone (docs/native-backend.md).
 */

/** The package that brings the native backend. */
export const NATIVE_PACKAGE = '@tensorflow/tfjs-node';

/** The environment variable that names a folder with the package in its node_modules. */
export const NATIVE_VARIABLE = 'INNERLOOP_NATIVE';

/** Where scripts/install-native.mjs puts it: this folder of node_modules, there or in a parent directory. */
const NATIVE_FOLDER = join('node_modules', '.innerloop-native');

/** What came of loading the native backend. */
export type NativeOutcome =
  | {
      readonly loaded: true;
      /** Of the package, then of TensorFlow, such as `@tensorflow/tfjs-node 4.22.0 with TensorFlow 2.15.1`. */
      readonly versions: string;
    }
  | {
      readonly loaded: false;
      /** Why not, one clause. */
      readonly reason: string;
    };

/** The part of the package that is used here. */
interface NativeModule {
  readonly version: Readonly<Record<string, string>>;
  readonly engine: () => unknown;
}

/**
 * Loads the native backend and registers it as `tensorflow`. Looks into the folder that INNERLOOP_NATIVE names; without that
 * variable, among the installed packages, and then into `node_modules/.innerloop-native` of the parent directories.
 */
export function loadNative(): NativeOutcome {
  const found = locate();
  if ('reason' in found) return { loaded: false, reason: found.reason };
  try {
    const native = load(found.path);
    const fault = misfit(native);
    if (fault !== undefined) return { loaded: false, reason: `${NATIVE_PACKAGE} in ${found.path} ${fault}` };
    return { loaded: true, versions: `${NATIVE_PACKAGE} ${native.version['tfjs-node']}${tensorflowVersion()}` };
  } catch (error) {
    const [line] = messageOf(error).trim().split('\n');
    return { loaded: false, reason: `${NATIVE_PACKAGE} in ${found.path} cannot be loaded: ${line?.trim()}` };
  }
}

function locate(): { readonly path: string } | { readonly reason: string } {
  const named = process.env[NATIVE_VARIABLE];
  if (named) {
    const path = inFolder(resolve(named));
    return path
      ? { path }
      : { reason: `${NATIVE_VARIABLE} names ${named}, which has no node_modules/${NATIVE_PACKAGE}` };
  }
  const path = installed() ?? placed(dirname(fileURLToPath(import.meta.url)));
  return path ? { path } : { reason: `${NATIVE_PACKAGE} is not installed` };
}

function inFolder(folder: string): string | undefined {
  const path = join(folder, 'node_modules', NATIVE_PACKAGE);
  return existsSync(join(path, 'package.json')) ? path : undefined;
}

function installed(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${NATIVE_PACKAGE}/package.json`));
  } catch {
    return undefined;
  }
}

function placed(directory: string): string | undefined {
  const path = inFolder(join(directory, NATIVE_FOLDER));
  const parent = dirname(directory);
  return path ?? (parent === directory ? undefined : placed(parent));
}

function load(path: string): NativeModule {
  // 4.22.0 calls this function, which Node 23 removed (tensorflow/tfjs#8425).
  const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
  // TensorFlow greets on standard error; warnings and errors are still shown.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  // tfjs is CommonJS in Node; `require` finds the very module objects that `import` gave us.
  return createRequire(import.meta.url)(path) as NativeModule;
}

/**
 * Why a module that was loaded cannot be used with our tfjs-core. Copies of one version share their engine and kernels
 * through the global object; anything else would leave the backend where our tensors never reach it.
 */
function misfit(native: NativeModule): string | undefined {
  const version = native.version['tfjs-core'];
  if (version !== tf.version_core) {
    return `belongs to @tensorflow/tfjs-core ${version}, and ${tf.version_core} is needed`;
  }
  if (native.engine() !== tf.engine()) return 'has an engine of its own, apart from that of our @tensorflow/tfjs-core';
  return undefined;
}

function tensorflowVersion(): string {
  const { binding } = (tf.findBackend('tensorflow') ?? {}) as { binding?: { TF_Version?: unknown } };
  return typeof binding?.TF_Version === 'string' ? ` with TensorFlow ${binding.TF_Version}` : '';
}
