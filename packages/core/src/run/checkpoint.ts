import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Json } from '../contracts/json.js';
import { InnerloopError } from '../errors.js';
import type { ParameterLayout } from '../numerics/layout.js';
import { explainFileError, fileNotWritten, isTemporary, systemCode, writeFileAtomic } from './files.js';
import { decodeParameters, encodeParameters } from './safetensors.js';

/**
 * Checkpoints. A folder holds files of parameters, `<iteration, 6 digits>.safetensors`, and two pointers, `last.json` and
 * `best.json`, with everything else. A pointer is replaced only after the parameters it names are on the disk, and
 * parameters are removed only once no pointer names them. So whatever moment a process is killed at, each pointer leads to
 * a whole checkpoint.
 */

/** The latest checkpoint, or the best by validation tasks. */
export const CHECKPOINT_NAMES = ['last', 'best'] as const;

/** One of {@link CHECKPOINT_NAMES}. */
export type CheckpointName = (typeof CHECKPOINT_NAMES)[number];

const RECORD = z.object({
  iteration: z.int().min(0),
  iterations: z.int().min(0),
  file: z.string().regex(/^[^/\\]+\.safetensors$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  score: z.number().optional(),
  trainer: z.json(),
  metricsLines: z.int().min(0),
  evaluation: z.object({ best: z.object({ iteration: z.int(), score: z.number() }).nullable() }),
});

/** The best periodic evaluation so far. */
export interface BestScore {
  readonly iteration: number;
  /** What `evaluation.score` says: the mean return after the last adaptation step, or the total of all episodes. */
  readonly score: number;
}

/** What a pointer file holds. */
export interface CheckpointRecord {
  /** How many iterations were done. */
  readonly iteration: number;
  /** How many iterations the run was to have. */
  readonly iterations: number;
  /** The file of parameters, in the same folder. */
  readonly file: string;
  /** SHA-256 of that file, hexadecimal. */
  readonly sha256: string;
  /** The score of this iteration's evaluation, if it had one. */
  readonly score?: number | undefined;
  /** The trainer's state. */
  readonly trainer: Json;
  /** How many lines metrics.jsonl had. */
  readonly metricsLines: number;
  /** Where periodic evaluation stood. */
  readonly evaluation: { readonly best: BestScore | null };
}

/** A checkpoint that was loaded. */
export interface Checkpoint {
  readonly name: CheckpointName;
  readonly record: CheckpointRecord;
  /** θ. */
  readonly parameters: Float64Array;
}

/** What to save. */
export interface CheckpointContent extends Omit<CheckpointRecord, 'file' | 'sha256'> {
  readonly layout: ParameterLayout;
  /** θ. */
  readonly parameters: Float64Array;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function pointerPath(folder: string, name: CheckpointName): string {
  return join(folder, `${name}.json`);
}

/** `undefined` where there is no such file. */
async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw new InnerloopError('CHECKPOINT_UNREADABLE', `${path} could not be read: ${explainFileError(error)}.`, {
      cause: error,
    });
  }
}

/** Whether there is a pointer file of that name, intact or not. */
export async function hasCheckpoint(folder: string, name: CheckpointName): Promise<boolean> {
  return (await readIfThere(pointerPath(folder, name))) !== undefined;
}

/**
 * Saves a checkpoint under one name or both, in that order.
 *
 * @returns The file of parameters.
 * @throws InnerloopError `FILE_NOT_WRITTEN`; the checkpoints saved before are then as they were.
 * @throws InnerloopError `NUMBERS_NOT_FINITE` if the trainer's state holds a number that JSON cannot.
 */
export async function saveCheckpoint(
  folder: string,
  names: readonly CheckpointName[],
  content: CheckpointContent,
): Promise<string> {
  const { layout, parameters, ...rest } = content;
  const bytes = encodeParameters(layout, parameters, { iteration: String(content.iteration), format: 'innerloop' });
  const hash = sha256(bytes);
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw fileNotWritten(folder, error);
  }
  const file = await freeName(folder, content.iteration, hash);
  const text = stringify({ ...rest, file, sha256: hash });
  await writeFileAtomic(join(folder, file), bytes);
  for (const name of names) await writeFileAtomic(pointerPath(folder, name), text);
  await removeUnnamed(folder);
  return file;
}

/**
 * The file name for an iteration's parameters. One that exists with other content may be what the other pointer names
 * (a run that was resumed on another machine), so it is not overwritten.
 */
async function freeName(folder: string, iteration: number, hash: string): Promise<string> {
  const stem = String(iteration).padStart(6, '0');
  const present = await readIfThere(join(folder, `${stem}.safetensors`));
  return present && sha256(present) !== hash ? `${stem}-${hash.slice(0, 8)}.safetensors` : `${stem}.safetensors`;
}

function stringify(record: CheckpointRecord): string {
  const text = JSON.stringify(
    record,
    (key, value: unknown) => {
      if (typeof value !== 'number' || Number.isFinite(value)) return value;
      throw new InnerloopError(
        'NUMBERS_NOT_FINITE',
        `The trainer's state after iteration ${record.iteration} is not finite: '${key}' is ${value}. ` +
          'The checkpoints saved before are kept.',
      );
    },
    2,
  );
  return `${text}\n`;
}

/** Removes parameters that no pointer names, and temporary files; nothing whose name is not ours. */
async function removeUnnamed(folder: string): Promise<void> {
  const named = new Set<string>();
  for (const name of CHECKPOINT_NAMES) {
    const pointer = await readPointer(folder, name).catch(() => undefined);
    // A pointer that cannot be read may still be mended by hand: keep everything.
    if (pointer === undefined) return;
    if (pointer) named.add(pointer.file);
  }
  for (const name of await readdir(folder)) {
    const parameters = /^\d{6,}(-[0-9a-f]{8})?\.safetensors$/.test(name);
    if ((parameters && !named.has(name)) || isTemporary(name)) {
      // A file that stays costs space and nothing else.
      await rm(join(folder, name), { force: true }).catch(() => undefined);
    }
  }
}

/** The pointer, `null` if there is none. */
async function readPointer(folder: string, name: CheckpointName): Promise<CheckpointRecord | null> {
  const path = pointerPath(folder, name);
  const bytes = await readIfThere(path);
  if (!bytes) return null;
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    const what = bytes.length === 0 ? 'it is empty' : 'it is not JSON, perhaps truncated';
    throw new InnerloopError('CHECKPOINT_UNREADABLE', `${path} cannot be read: ${what}.`, { cause: error });
  }
  const parsed = RECORD.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') || 'the whole';
  throw new InnerloopError('CHECKPOINT_UNREADABLE', `${path} is not a checkpoint: ${place}: ${issue?.message}.`);
}

async function read(folder: string, name: CheckpointName, layout: ParameterLayout): Promise<Checkpoint> {
  const pointer = pointerPath(folder, name);
  const record = await readPointer(folder, name);
  if (!record) throw new InnerloopError('CHECKPOINT_UNREADABLE', `There is no checkpoint ${pointer}.`);
  const path = join(folder, record.file);
  const bytes = await readIfThere(path);
  if (!bytes) throw new InnerloopError('CHECKPOINT_UNREADABLE', `${path}, which ${pointer} names, is missing.`);
  const found = sha256(bytes);
  if (found !== record.sha256) {
    // The format's own checks say more of a truncated file than a hash does.
    decodeParameters(bytes, layout, path);
    throw new InnerloopError(
      'CHECKPOINT_UNREADABLE',
      `${path} was altered since it was saved: its SHA-256 is ${found}, and ${pointer} expects ${record.sha256}.`,
    );
  }
  return { name, record, parameters: decodeParameters(bytes, layout, path) };
}

/**
 * Loads a checkpoint and checks all of it.
 *
 * @param folder The run's `checkpoints` folder.
 * @param layout What the parameters must be.
 * @throws InnerloopError `CHECKPOINT_UNREADABLE` that names the file, what is wrong with it, and the other checkpoint if
 *   that one is intact.
 */
export async function loadCheckpoint(
  folder: string,
  name: CheckpointName,
  layout: ParameterLayout,
): Promise<Checkpoint> {
  try {
    return await read(folder, name, layout);
  } catch (error) {
    if (!(error instanceof InnerloopError)) throw error;
    const other = name === 'last' ? 'best' : 'last';
    const intact = await read(folder, other, layout).catch(() => undefined);
    const advice = intact
      ? ` The ${other} checkpoint (iteration ${intact.record.iteration}) is intact: use it with --checkpoint ${other}.`
      : '';
    throw new InnerloopError(error.code, error.message + advice, { cause: error.cause });
  }
}
