import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { main } from '../../src/main.js';

/** What a command printed, and its exit code. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in this process. */
export async function run(...args: readonly string[]): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk: string | Uint8Array) => {
      written[name] += String(chunk);
      return true;
    }),
  );
  try {
    const code = await main(['node', 'innerloop', ...args]);
    return { code, ...written };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** The built program. */
export const BIN = fileURLToPath(new URL('../../bin/innerloop.js', import.meta.url));

/** How a process is run. `during` sees all output so far, of both streams, after each piece of it. */
interface SpawnOptions {
  readonly cwd: string;
  readonly during?: (output: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs the built program in a process of its own. */
export function spawnCli(args: readonly string[], options: SpawnOptions): Promise<Outcome> {
  return spawnNode([BIN, ...args], options);
}

/** Runs Node in a process of its own. */
export function spawnNode(args: readonly string[], options: SpawnOptions): Promise<Outcome> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [...args], { cwd: options.cwd });
    const written = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        written[name] += text;
        options.during?.(written.stdout + written.stderr, (signal) => child.kill(signal));
      });
    }
    child.on('error', failed).on('close', (code) => done({ code, ...written }));
  });
}
