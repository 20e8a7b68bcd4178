import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readJson } from '../workspace.mjs';

/**
 * What all records of runs have in common: the config they ask for, what they were made with, and how they are written.
 *
 * @typedef {object} Options
 * @property {string[]} [set] Overrides for every row, such as `trainer.tasksPerIteration=2`.
 * @property {string} runs Where the run directories lie.
 * @property {string} out Where the results go: a folder for each family.
 *
 * @typedef {object} Tools The packages, built or from their sources.
 * @property {typeof import('@innerloop/core')} core
 * @property {typeof import('@innerloop/cli')} cli
 */

/** The saved config names the backend; this one is everywhere, so that a checkpoint that is kept opens everywhere. */
export const BACKEND = 'run.backend=wasm';

/** Runs a command of the product in this process, so that Ctrl-C is its own. Gives its exit code. */
export function innerloop({ cli }, words) {
  return cli.main(['node', 'innerloop', ...words]);
}

/** The resolved config of a file. */
export async function resolvedConfig({ core, cli }, file, overrides) {
  const input = await core.readConfig(file, overrides);
  return (await core.resolveExperiment(input.config, { ...input, plugins: cli.defaultPlugins })).config;
}

/** Paths in a config whose values do not change a run's numbers. */
const FREE = ['run.backend', 'run.workers', 'run.workerTimeout'];

/**
 * Refuses a run of another config, or one that was taken further than its config says, which would be passed off as this one. Options that are newer than
 * the run have their defaults.
 *
 * @param {string} shown The folder that the message names.
 */
export async function assertSame(tools, run, wanted, shown = run) {
  const saved = await resolvedConfig(tools, join(run, 'config.yaml'), []);
  const differing = differences(saved, wanted).filter((path) => !FREE.includes(path));
  const refuse = (why) => {
    throw new tools.core.InnerloopError('RUN_EXISTS', `${shown} ${why}. Move it away, or choose another --runs.`);
  };
  if (differing.length > 0) refuse(`was made with another config: ${differing.join(', ')} differ`);
  const last = join(run, 'checkpoints', 'last.json');
  const { iteration = 0 } = existsSync(last) ? readJson(last) : {};
  const { iterations } = wanted.run;
  if (iteration > iterations) refuse(`was taken further: ${run} has ${iteration} iterations in place of ${iterations}`);
}

/** The paths at which two JSON values differ. */
function differences(a, b, path = '') {
  if (isDeepStrictEqual(a, b)) return [];
  const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(a) || !isObject(b)) return [path];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => differences(a[key], b[key], path === '' ? key : `${path}.${key}`));
}

/** Whether a run has all of its iterations and its evaluation. */
export function isFinished(run, { run: { iterations } }) {
  const last = join(run, 'checkpoints', 'last.json');
  return existsSync(join(run, 'evaluation.json')) && existsSync(last) && readJson(last).iteration >= iterations;
}

/** The checkpoint that is evaluated: the best by validation tasks, if there is one. */
export function checkpointOf(run) {
  const folder = join(run, 'checkpoints');
  const name = existsSync(join(folder, 'best.json')) ? 'best' : 'last';
  const { iteration, file, sha256, score = null } = readJson(join(folder, `${name}.json`));
  return { name, iteration, score, file, sha256 };
}

/** Whether a record is of this checkpoint and config. */
export function isRecorded(path, checkpoint, wanted) {
  if (!existsSync(path)) return false;
  const record = readJson(path);
  const config = JSON.parse(JSON.stringify(wanted));
  return isDeepStrictEqual(record.checkpoint, checkpoint) && isDeepStrictEqual(record.config, config);
}

/** Versions, backend and machine; the last is this one, so a run is recorded where it was made. */
export function madeWith({ core }, run) {
  const { innerloop, node, backend, workers } = readJson(join(run, 'run.json'));
  return {
    innerloop,
    node,
    backend: backend.name,
    workers: workers?.count ?? 0,
    // Kernels that multiply and add in one instruction round once less.
    fusedMultiplyAdd: core.kernels().fused,
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memory: totalmem(),
      platform: `${process.platform} ${process.arch}`,
    },
  };
}

/** The sum of a metric over all iterations. */
export function sumOfMetric(run, name) {
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').split('\n').filter(Boolean);
  return lines.reduce((total, line) => total + JSON.parse(line)[name], 0);
}

/** Sampling and updates, without validation; kept by the run itself, so that pauses do not count. */
export const trainingSeconds = (run) => sumOfMetric(run, 'time/iteration');

/** A command as it is typed into a POSIX shell at the root. */
export function commandLine(words) {
  return ['npx innerloop', shellWords(words.map(posix))].join(' ');
}

/** Words as they are typed into a POSIX shell. */
export function shellWords(words) {
  return words.map(quoted).join(' ');
}

/** A path as it is typed from here, whatever the platform. */
export function posix(word) {
  const inside = isAbsolute(word) ? relative(process.cwd(), word) : word;
  return (inside.startsWith('..') ? resolve(word) : inside).split(sep).join('/');
}

function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Writes a record whole or not at all, as indented JSON with each list of numbers on one line. */
export function writeRecord(path, record) {
  const text = JSON.stringify(record, null, 2);
  const compact = text.replace(/\[\s+(-?\d[^[\]{}"]*?)\s+\]/g, (_, items) => `[${items.replace(/\s+/g, ' ')}]`);
  const temporary = join(dirname(path), `.${basename(path)}.tmp`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(temporary, `${compact}\n`);
  renameSync(temporary, path);
  console.log(`Recorded:  ${path}`);
}
