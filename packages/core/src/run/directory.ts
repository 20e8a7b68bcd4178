import { mkdir, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Metrics } from '../contracts/trainer.js';
import { InnerloopError, messageOf } from '../errors.js';
import { nearest, quoteAll } from '../plugins/nearest.js';
import type { EvaluationRecord } from './evaluate.js';
import { appendToFile, explainFileError, fileNotWritten, syncFile, systemCode, writeFileAtomic } from './files.js';
import { lockRun } from './lock.js';

/** `run.json`: what a run was made with. */
export interface RunInfo {
  /** The version of Innerloop. */
  readonly innerloop: string;
  /** The version of Node. */
  readonly node: string;
  /** The tensor backend that was used, and why. */
  readonly backend: { readonly name: string; readonly reason: string };
  /** How many worker threads there were, and why; 0: the main thread did the work. Absent in runs of versions without workers. */
  readonly workers?: { readonly count: number; readonly reason: string };
  /** ISO date. */
  readonly created: string;
  /** The path of the config file; `null` for a run from code. */
  readonly source: string | null;
  /** The plugins that were loaded. */
  readonly plugins: readonly (string | { readonly name: string; readonly version: string })[];
}

/** What a new run directory begins with. */
export interface RunFiles {
  /** The text of `config.yaml`: the resolved config. */
  readonly config: string;
  readonly info: RunInfo;
}

const CONFIG = 'config.yaml';
const INFO = 'run.json';
const METRICS = 'metrics.jsonl';
const EVALUATION = 'evaluation.json';
const CHECKPOINTS = 'checkpoints';

/** One run's folder on the disk. The names in `checkpoints/` are checkpoint.ts's. */
export class RunDirectory {
  private constructor(
    /** Absolute. */
    readonly path: string,
  ) {}

  /** The folder of checkpoints. */
  get checkpoints(): string {
    return join(this.path, CHECKPOINTS);
  }

  /** Where the report goes. */
  get report(): string {
    return join(this.path, 'report.html');
  }

  /**
   * Makes the directory of a new run.
   *
   * @throws InnerloopError `RUN_EXISTS` if there is anything at that path; it is left as it is.
   * @throws InnerloopError `FILE_NOT_WRITTEN`; what was made until then is removed again.
   */
  static async create(path: string, files: RunFiles): Promise<RunDirectory> {
    const directory = new RunDirectory(resolve(path));
    await refuseOccupied(directory.path);
    const made = await mkdir(directory.path, { recursive: true }).catch((error: unknown) => {
      throw fileNotWritten(directory.path, error);
    });
    try {
      // Making a folder is exclusive: of two processes that want this directory, one fails here.
      await mkdir(directory.checkpoints);
    } catch (error) {
      if (systemCode(error) === 'EEXIST') throw occupied(directory.path, 'another process has just made a run there');
      throw fileNotWritten(directory.checkpoints, error);
    }
    try {
      await writeFileAtomic(directory.file(CONFIG), files.config);
      await writeFileAtomic(directory.file(INFO), `${JSON.stringify(files.info, null, 2)}\n`);
    } catch (error) {
      await rm(directory.file(CONFIG), { force: true }).catch(() => undefined);
      await rmdir(directory.checkpoints).catch(() => undefined);
      if (made !== undefined) await rmdir(directory.path).catch(() => undefined);
      throw error;
    }
    return directory;
  }

  /**
   * Opens the directory of an earlier run.
   *
   * @throws InnerloopError `RUN_NOT_FOUND` with the nearest name there is.
   */
  static async open(path: string): Promise<RunDirectory> {
    const directory = new RunDirectory(resolve(path));
    if (await isRun(directory.path)) return directory;
    const stats = await stat(directory.path).catch(() => undefined);
    if (stats?.isDirectory()) {
      const inside = await runsIn(directory.path);
      const hint = inside.length > 0 ? ` It holds the runs ${quoteAll(inside.slice(0, 8))}: name one of them.` : '';
      throw new InnerloopError('RUN_NOT_FOUND', `${path} is not a run: it has no ${CONFIG}.${hint}`);
    }
    if (stats) throw new InnerloopError('RUN_NOT_FOUND', `${path} is a file; expected the directory of a run.`);
    const siblings = await runsIn(dirname(directory.path));
    const near = nearest(basename(directory.path), siblings) ?? siblings[0];
    const hint = near === undefined ? '' : ` Did you mean ${join(dirname(path), near)}?`;
    throw new InnerloopError('RUN_NOT_FOUND', `There is no run at ${path}.${hint}`);
  }

  /**
   * Keeps other processes from training in this directory.
   *
   * @returns Gives the lock back; never throws.
   * @throws InnerloopError `RUN_LOCKED` with the process that trains there, `FILE_NOT_WRITTEN`.
   */
  async lock(): Promise<() => Promise<void>> {
    return lockRun(this.path);
  }

  /** The text of `config.yaml`. */
  async readConfig(): Promise<string> {
    return (await this.read(CONFIG)) ?? this.unreadable(CONFIG, 'it is missing');
  }

  /** `run.json`. */
  async readInfo(): Promise<RunInfo> {
    const text = (await this.read(INFO)) ?? this.unreadable(INFO, 'it is missing');
    return this.parse(INFO, text) as RunInfo;
  }

  /** Adds a line to `metrics.jsonl`. */
  async appendMetrics(metrics: Metrics): Promise<void> {
    await appendToFile(this.file(METRICS), `${JSON.stringify(metrics)}\n`);
  }

  /** Makes an empty `metrics.jsonl` if there is none, so that readers need not know of a run of no iterations. */
  async ensureMetrics(): Promise<void> {
    await appendToFile(this.file(METRICS), '');
  }

  /** Forces the metrics to the disk. */
  async syncMetrics(): Promise<void> {
    await syncFile(this.file(METRICS));
  }

  /** The lines of `metrics.jsonl`; without the last one if a crash has left it half written. */
  async readMetrics(): Promise<Metrics[]> {
    const lines = completeLines((await this.read(METRICS)) ?? '');
    return lines.map((line, index) => this.parse(`${METRICS} line ${index + 1}`, line) as Metrics);
  }

  /**
   * Cuts `metrics.jsonl` after so many lines, as a whole or not at all.
   *
   * @returns How many lines there are then: fewer than asked for if the file had fewer.
   */
  async truncateMetrics(lines: number): Promise<number> {
    const text = (await this.read(METRICS)) ?? '';
    const kept = completeLines(text).slice(0, lines);
    const shorter = kept.map((line) => `${line}\n`).join('');
    if (shorter !== text) await writeFileAtomic(this.file(METRICS), shorter);
    return kept.length;
  }

  /** Writes `evaluation.json`. */
  async writeEvaluation(evaluation: EvaluationRecord): Promise<void> {
    await writeFileAtomic(this.file(EVALUATION), `${JSON.stringify(evaluation)}\n`);
  }

  /** `evaluation.json`, or `null` if the run has none yet. */
  async readEvaluation(): Promise<EvaluationRecord | null> {
    const text = await this.read(EVALUATION);
    return text === null ? null : (this.parse(EVALUATION, text) as EvaluationRecord);
  }

  private file(name: string): string {
    return join(this.path, name);
  }

  private async read(name: string): Promise<string | null> {
    try {
      return await readFile(this.file(name), 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      return this.unreadable(name, explainFileError(error), error);
    }
  }

  private parse(name: string, text: string): object {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      this.unreadable(name, messageOf(error), error);
    }
    return typeof value === 'object' && value !== null ? value : this.unreadable(name, 'it is not a JSON object');
  }

  private unreadable(name: string, what: string, cause?: unknown): never {
    throw new InnerloopError('RUN_UNREADABLE', `${this.file(name)} cannot be read: ${what}.`, { cause });
  }
}

/** The lines that end with a newline. */
function completeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

function occupied(path: string, what: string): InnerloopError {
  return new InnerloopError(
    'RUN_EXISTS',
    `${path} cannot be the directory of a new run: ${what}. Choose another --out, or go on with that run: resume ${path}`,
  );
}

async function refuseOccupied(path: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    if (systemCode(error) === 'ENOTDIR') {
      throw new InnerloopError(
        'RUN_EXISTS',
        `${path} cannot be a run directory: there is a file. Choose another --out.`,
      );
    }
    throw fileNotWritten(path, error);
  }
  if (names.length === 0) return;
  if (names.includes(CONFIG)) throw occupied(path, 'it already holds a run');
  const holds = quoteAll(names.slice(0, 5));
  throw new InnerloopError('RUN_EXISTS', `${path} is not empty: it holds ${holds}. Choose another --out.`);
}

async function isRun(path: string): Promise<boolean> {
  const stats = await stat(join(path, CONFIG)).catch(() => undefined);
  return stats?.isFile() ?? false;
}

async function runsIn(path: string): Promise<string[]> {
  const names = await readdir(path).catch(() => []);
  const runs = await Promise.all(names.sort().map(async (name) => ((await isRun(join(path, name))) ? [name] : [])));
  return runs.flat();
}
