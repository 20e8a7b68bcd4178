import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { InnerloopError } from '../errors.js';
import { fileNotWritten, systemCode } from './files.js';

/**
 * The lock of a run directory: a file that exists while a process trains there, so that no other one writes into the same
 * run. A process that is killed leaves it behind; the next one on the same host sees that and takes it over.
 */

const FILE = 'lock';

const HOLDER = z.object({
  /** Tells one holder from another, also within a process. */
  id: z.string(),
  pid: z.int().min(1),
  host: z.string(),
  /** ISO date of when the lock was taken. */
  started: z.string(),
  /** When the process began, in the kernel's words; where the platform tells. A pid alone may be given again. */
  process: z.string().optional(),
});

type Holder = z.infer<typeof HOLDER>;

/** The locks that this process holds. */
const held = new Set<string>();

/** How often a lock is tried, and the pause between two tries in milliseconds. */
const TRIES = 6;
const PAUSE = 100;

/**
 * Takes the lock of a run directory.
 *
 * @returns Gives it back; never throws.
 * @throws InnerloopError `RUN_LOCKED` if a process is training there, or may be, on another host.
 * @throws InnerloopError `FILE_NOT_WRITTEN`
 */
export async function lockRun(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, FILE);
  const mine: Holder = {
    id: randomUUID(),
    pid: process.pid,
    host: hostname(),
    started: new Date().toISOString(),
    process: await processStart(process.pid),
  };
  for (let tries = 1; ; tries++) {
    if (await write(path, mine)) return () => release(path, mine.id);
    const text = await readText(path);
    const holder = parse(text);
    if (holder && (await mayBeAlive(holder))) throw locked(folder, path, holder);
    if (tries > TRIES) {
      throw new InnerloopError(
        'RUN_LOCKED',
        `${path} changes while it is being taken: other processes want to train in ${folder} too. Try again.`,
      );
    }
    // A lock without content may be about to get it. After some time it is what a killed process left.
    if (text !== null && (holder || tries === TRIES)) await remove(path, text);
    else await sleep(PAUSE);
  }
}

/** Makes the file, unless there is one. */
async function write(path: string, holder: Holder): Promise<boolean> {
  held.add(holder.id);
  let made = false;
  try {
    const handle = await open(path, 'wx');
    made = true;
    try {
      await handle.writeFile(`${JSON.stringify(holder)}\n`);
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    held.delete(holder.id);
    if (!made && systemCode(error) === 'EEXIST') return false;
    if (made) await rm(path, { force: true }).catch(() => undefined);
    throw fileNotWritten(path, error);
  }
}

async function release(path: string, id: string): Promise<void> {
  // Someone may have removed the file by hand and trained on: then it is no longer ours.
  const holder = parse(await readText(path).catch(() => null));
  if (holder?.id === id) await rm(path, { force: true }).catch(() => undefined);
  held.delete(id);
}

/** Removes a lock that was left behind; puts it back if another process has replaced it meanwhile. */
async function remove(path: string, expected: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw fileNotWritten(path, error);
  }
  if ((await readText(aside)) === expected) await rm(aside, { force: true }).catch(() => undefined);
  else await rename(aside, path);
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw fileNotWritten(path, error);
  }
}

function parse(text: string | null): Holder | undefined {
  try {
    return HOLDER.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}

/** Whether the holder may still be training. Of another host nothing is known. */
async function mayBeAlive({ id, pid, host, process: start }: Holder): Promise<boolean> {
  if (host !== hostname()) return true;
  if (pid === process.pid) return held.has(id);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
  const now = await processStart(pid);
  return start === undefined || now === undefined || start === now;
}

/** When a process began, where `/proc` tells: the 22nd field of `stat`, in clock ticks since the machine was started. */
async function processStart(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field, the program's name in parentheses, may itself have spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[19];
}

function locked(folder: string, path: string, { pid, host, started }: Holder): InnerloopError {
  const who = pid === process.pid ? `This process (${pid})` : `Process ${pid}`;
  const [where, advice] =
    host === hostname()
      ? ['', 'Wait until it is done, or stop it.']
      : [
          ` on the host '${host}'`,
          `Wait until it is done, or stop it. If it is no longer running there, remove ${path} and try again.`,
        ];
  return new InnerloopError(
    'RUN_LOCKED',
    `${folder} is in use: ${who}${where} has been training there since ${started}. ${advice}`,
  );
}
