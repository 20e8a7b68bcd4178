import type * as Fs from 'node:fs/promises';

/**
 * `node:fs/promises` with a saboteur, for `vi.mock`. Every change to the disk is counted, and from a chosen one on they
 * fail: all of them, as for a process that was killed there, or that one alone, as for a disk that was full.
 */
export const saboteur = {
  /** How many changes were asked for. */
  count: 0,
  /** The number of the change to fail at, from 1. */
  at: Number.POSITIVE_INFINITY,
  /** Fails with this system error at that change only; without one the process counts as killed there. */
  code: undefined as string | undefined,
  /** Lets everything pass, and counts from 0. */
  reset(at = Number.POSITIVE_INFINITY, code?: string): void {
    this.count = 0;
    this.at = at;
    this.code = code;
  },
  /** Whether the change that is now asked for fails. */
  strikes(): boolean {
    this.count += 1;
    return this.code === undefined ? this.count >= this.at : this.count === this.at;
  },
  error(): Error {
    return Object.assign(new Error(this.code ?? 'killed'), this.code !== undefined && { code: this.code });
  },
};

/** The real module under sabotage. */
export function sabotage(fs: typeof Fs): typeof Fs {
  const guard = <Args extends unknown[], Result>(real: (...args: Args) => Promise<Result>) => {
    return async (...args: Args): Promise<Result> => {
      if (saboteur.strikes()) throw saboteur.error();
      return real(...args);
    };
  };
  const open = async (...args: Parameters<typeof Fs.open>): Promise<Fs.FileHandle> => {
    if (args[1] === 'r' || args[1] === undefined) return fs.open(...args);
    if (args[1] === 'wx' && saboteur.strikes()) throw saboteur.error();
    const handle = await fs.open(...args);
    const write = handle.writeFile.bind(handle);
    handle.writeFile = async (data) => {
      if (!saboteur.strikes()) return write(data);
      const bytes = Buffer.from(data as string | Uint8Array);
      // A write that fails half-way leaves half of the bytes.
      await write(bytes.subarray(0, Math.floor(bytes.length / 2)));
      throw saboteur.error();
    };
    handle.truncate = guard(handle.truncate.bind(handle));
    handle.sync = async () => undefined;
    return handle;
  };
  return {
    ...fs,
    open,
    rename: guard(fs.rename),
    rm: guard(fs.rm),
    rmdir: guard(fs.rmdir as (path: string) => Promise<void>) as typeof Fs.rmdir,
    mkdir: guard(fs.mkdir as (...args: unknown[]) => Promise<string | undefined>) as typeof Fs.mkdir,
  };
}
