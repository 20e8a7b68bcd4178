import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

/** What a config may ask for. `auto` takes wasm where it loads, and the plain CPU otherwise. */
export const BACKENDS = ['auto', 'wasm', 'cpu'] as const;

/** One of {@link BACKENDS}. */
export type BackendChoice = (typeof BACKENDS)[number];

/** The backend in use, and why it was taken. */
export interface BackendReport {
  /** `wasm` or `cpu`. */
  readonly name: string;
  /** One sentence for the user. */
  readonly reason: string;
}

/**
 * Makes a tensor backend active for this thread.
 *
 * @throws Error if the backend that was named cannot be initialised here.
 */
export async function useBackend(choice: BackendChoice = 'auto'): Promise<BackendReport> {
  tf.enableProdMode();
  const names = choice === 'auto' ? ['wasm', 'cpu'] : [choice];
  const refused: string[] = [];
  for (const name of names) {
    try {
      if (await tf.setBackend(name)) {
        await tf.ready();
        return { name, reason: explain(choice, name, refused) };
      }
      refused.push(`${name} could not be initialised`);
    } catch (error) {
      refused.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`No tensor backend could be used: ${refused.join('; ')}. Choose another run.backend.`);
}

function explain(choice: BackendChoice, name: string, refused: readonly string[]): string {
  if (choice !== 'auto') return `${name} was asked for`;
  if (refused.length > 0) return `${name} was taken because ${refused.join('; ')}`;
  return `${name} is the fastest backend that needs nothing beyond npm`;
}
