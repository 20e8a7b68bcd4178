import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { InnerloopError, messageOf } from '../errors.js';
import { loadNative, NATIVE_PACKAGE } from './native.js';

/** What a config may ask for. `auto` takes native where it loads, wasm otherwise, and the plain CPU last. */
export const BACKENDS = ['auto', 'wasm', 'cpu', 'native'] as const;

/** One of {@link BACKENDS}. */
export type BackendChoice = (typeof BACKENDS)[number];

/** The backend in use, and why it was taken. */
export interface BackendReport {
  /** `native`, `wasm` or `cpu`. */
  readonly name: string;
  /** One sentence for the user. */
  readonly reason: string;
}

type BackendName = Exclude<BackendChoice, 'auto'>;

/** The order in which `auto` tries them. */
const AUTOMATIC: readonly BackendName[] = ['native', 'wasm', 'cpu'];

/**
 * Makes a tensor backend active for this thread.
 *
 * @throws InnerloopError BACKEND_UNAVAILABLE if the backend that was named cannot be used here.
 */
export async function useBackend(choice: BackendChoice = 'auto'): Promise<BackendReport> {
  tf.enableProdMode();
  const refused: string[] = [];
  for (const name of choice === 'auto' ? AUTOMATIC : [choice]) {
    const { refusal, detail } = await activate(name);
    if (refusal === undefined) return { name, reason: explain(choice, name, detail, refused) };
    refused.push(`${name} cannot be used (${refusal})`);
  }
  throw new InnerloopError('BACKEND_UNAVAILABLE', `${refused.join('; ')}. ${advice(choice)}.`);
}

/** The backend that tensors are made on now: `wasm`, `cpu` or `tensorflow` (native); empty before {@link useBackend}. */
export function activeBackend(): string {
  return tf.getBackend() ?? '';
}

function advice(choice: BackendChoice): string {
  if (choice !== 'native') return 'It comes with npm: reinstall the packages, or choose another backend';
  return (
    'Install it (docs/native-backend.md) with `node scripts/install-native.mjs` in a clone of Innerloop, or with ' +
    `\`npm install ${NATIVE_PACKAGE}@${tf.version_core}\` in a project of your own; or choose auto, wasm or cpu`
  );
}

/** Activates a backend. `refusal` says why it cannot be used, `detail` what it is. */
async function activate(name: BackendName): Promise<{ readonly refusal?: string; readonly detail?: string }> {
  try {
    const native = name === 'native' ? loadNative() : undefined;
    if (native && !native.loaded) return { refusal: native.reason };
    if (!(await tf.setBackend(name === 'native' ? 'tensorflow' : name))) return { refusal: 'it does not initialise' };
    await tf.ready();
    return native ? { detail: native.versions } : {};
  } catch (error) {
    return { refusal: messageOf(error) };
  }
}

function explain(choice: BackendChoice, name: string, detail: string | undefined, refused: readonly string[]): string {
  const what = detail ? `: ${detail}` : '';
  if (choice !== 'auto') return `${name} was asked for${what}`;
  if (refused.length > 0) return `${name} was taken because ${refused.join(' and ')}${what}`;
  return `${name} is taken wherever it loads${what}`;
}
