import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, sep } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readJson } from './workspace.mjs';

/**
 * The rows of the MAML paper's 2D navigation figure, trained and measured by the command itself, and kept as JSON. A run that was
 * interrupted goes on, one that is finished is not repeated, and no run is ever overwritten.
 */

/**
 * @typedef {object} Row
 * @property {string} label As the table names it.
 * @property {string} config In configs/point-navigation.
 * @property {string[]} [set] Overrides of the config, in place of its number of iterations.
 * @property {number} steps Adaptation steps of the evaluation.
 * @property {boolean} [keep] Whether its checkpoints are kept with the results.
 *
 * @type {Record<string, Row>}
 */
export const ROWS = {
  maml: { label: 'MAML', config: 'paper.yaml', steps: 3, keep: true },
  pretrained: { label: 'Pretrained on all tasks jointly', config: 'paper-pretrained.yaml', steps: 3 },
  random: { label: 'Random initialisation', config: 'paper.yaml', set: ['run.iterations=0'], steps: 3 },
  oracle: { label: 'Oracle that sees the goal', config: 'paper-oracle.yaml', steps: 0 },
  original: { label: "MAML with the settings of the paper's code", config: 'paper-original.yaml', steps: 3 },
};

/** Episodes per task and adaptation step: the paper's 4000 transitions a step are at least 40 trajectories of at most 100 steps. */
const ROLLOUTS = 40;

/**
 * @typedef {object} Options
 * @property {string[]} rows Names in {@link ROWS}.
 * @property {number[]} seeds
 * @property {number} [iterations] Replaces that of the configs, but for the random row.
 * @property {string[]} [set] Further overrides for every row, such as `trainer.tasksPerIteration=2`.
 * @property {string} runs Where the run directories lie.
 * @property {string} out Where the results go.
 *
 * @typedef {object} Tools The packages, built or from their sources.
 * @property {typeof import('@innerloop/core')} core
 * @property {typeof import('@innerloop/cli')} cli
 */

/**
 * Trains and measures every row for every seed, one after the other.
 *
 * @param {Options} options
 * @param {Tools} tools
 * @returns {Promise<number>} The exit code of the first command that did not end with 0, else 0.
 */
export async function makeRows(options, tools) {
  for (const name of options.rows) {
    for (const seed of options.seeds) {
      const code = await makeRow(name, seed, options, tools);
      if (code !== 0) return code;
    }
  }
  return 0;
}

async function makeRow(name, seed, options, { core, cli }) {
  const { label, config: file, set, steps, keep } = ROWS[name];
  const command = async (...args) => cli.main(['node', 'innerloop', ...args]);
  const config = join('configs', 'point-navigation', file);
  const run = join(options.runs, `paper-${name}-seed-${seed}`);
  const length = set ?? (options.iterations === undefined ? [] : [`run.iterations=${options.iterations}`]);
  // The saved config names the backend; this one is everywhere, so that a checkpoint that is kept opens everywhere.
  const overrides = ['run.backend=wasm', ...(options.set ?? []), ...length, `run.seed=${seed}`];
  console.log(`\n== ${label}, seed ${seed} ==`);

  const train = ['train', config, ...overrides.flatMap((text) => ['--set', text]), '--out', run];
  const input = await core.readConfig(config, overrides);
  const wanted = (await core.resolveExperiment(input.config, { ...input, plugins: cli.defaultPlugins })).config;
  if (existsSync(join(run, 'config.yaml'))) {
    assertSame(core, run, wanted);
    const code = finished(run, wanted) ? 0 : await command('resume', run);
    if (code !== 0) return code;
  } else {
    const code = await command(...train);
    if (code !== 0) return code;
  }

  const path = join(options.out, `${name}-seed-${seed}.json`);
  const checkpoint = checkpointOf(run);
  if (isRecorded(path, checkpoint, wanted)) {
    console.log(`Recorded:  ${path}`);
    return 0;
  }
  const evaluate = ['evaluate', run, '--tasks', 'paper', '--steps', String(steps), '--rollouts', String(ROLLOUTS)];
  const folder = mkdtempSync(join(tmpdir(), 'innerloop-paper-row-'));
  try {
    const file = join(folder, 'evaluation.json');
    const began = performance.now();
    const code = await command(...evaluate, '--out', file);
    if (code !== 0) return code;
    const record = {
      row: name,
      label: `${label}, seed ${seed}`,
      seed,
      commands: [train, evaluate].map((words) => ['npx innerloop', ...words.map(posix).map(quoted)].join(' ')),
      ...madeWith(core, run),
      seconds: { training: trainingSeconds(run), evaluation: (performance.now() - began) / 1000 },
      checkpoint,
      config: wanted,
      evaluation: withoutExamples(readJson(file)),
    };
    mkdirSync(options.out, { recursive: true });
    if (keep) keepCheckpoint(run, checkpoint, config, join(options.out, 'checkpoints', `seed-${seed}`));
    writeWhole(path, compactJson(record)); // last, so that what is recorded is there
    console.log(`Recorded:  ${path}`);
    return 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The records in a folder, in the order of {@link ROWS} and seeds. */
export function readRecords(folder) {
  if (!existsSync(folder)) return [];
  const order = Object.keys(ROWS);
  return readdirSync(folder)
    .filter((name) => /^[a-z]+-seed-\d+\.json$/.test(name))
    .map((name) => readJson(join(folder, name)))
    .sort((a, b) => order.indexOf(a.row) - order.indexOf(b.row) || a.seed - b.seed);
}

/** Paths in a config whose values do not change a run's numbers. */
const FREE = ['run.backend', 'run.workers', 'run.workerTimeout'];

/** A run of that name with another config would be passed off as this one. */
function assertSame(core, run, wanted) {
  const { config } = core.parseConfig(readFileSync(join(run, 'config.yaml'), 'utf8'), join(run, 'config.yaml'));
  const differing = differences(config, wanted).filter((path) => !FREE.includes(path));
  if (differing.length === 0) return;
  throw new core.InnerloopError(
    'RUN_EXISTS',
    `${run} was made with another config: ${differing.join(', ')} differ. Move it away, or choose another --runs.`,
  );
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
function finished(run, { run: { iterations } }) {
  const last = join(run, 'checkpoints', 'last.json');
  return existsSync(join(run, 'evaluation.json')) && existsSync(last) && readJson(last).iteration >= iterations;
}

/** The checkpoint that `evaluate` uses: the best by validation tasks, if there is one. */
function checkpointOf(run) {
  const folder = join(run, 'checkpoints');
  const name = existsSync(join(folder, 'best.json')) ? 'best' : 'last';
  const { iteration, file, sha256, score = null } = readJson(join(folder, `${name}.json`));
  return { name, iteration, score, file, sha256 };
}

function isRecorded(path, checkpoint, wanted) {
  if (!existsSync(path)) return false;
  const record = readJson(path);
  return isDeepStrictEqual(record.checkpoint, checkpoint) && isDeepStrictEqual(record.config, asJson(wanted));
}

function asJson(value) {
  return JSON.parse(JSON.stringify(value));
}

/** Versions, backend and machine. */
function madeWith(core, run) {
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

/** Sampling and updates of all iterations, without validation; kept by the run itself, so that pauses do not count. */
function trainingSeconds(run) {
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').split('\n').filter(Boolean);
  return lines.reduce((total, line) => total + JSON.parse(line)['time/iteration'], 0);
}

function withoutExamples(evaluation) {
  return { ...evaluation, views: [], result: { ...evaluation.result, examples: [] } };
}

/**
 * Copies what `innerloop evaluate` needs of a run. What was there is replaced as a whole.
 */
function keepCheckpoint(run, { name, file }, config, destination) {
  mkdirSync(dirname(destination), { recursive: true });
  const fresh = mkdtempSync(`${destination}-`);
  mkdirSync(join(fresh, 'checkpoints'));
  for (const path of ['config.yaml', join('checkpoints', `${name}.json`), join('checkpoints', file)]) {
    cpSync(join(run, path), join(fresh, path));
  }
  // The path of the config on this machine says nothing elsewhere.
  const info = { ...readJson(join(run, 'run.json')), source: posix(config) };
  writeFileSync(join(fresh, 'run.json'), `${JSON.stringify(info, null, 2)}\n`);
  rmSync(destination, { recursive: true, force: true });
  renameSync(fresh, destination);
}

/** A path as it is typed from here, whatever the platform. */
function posix(word) {
  const inside = isAbsolute(word) ? relative(process.cwd(), word) : word;
  return (inside.startsWith('..') ? word : inside).split(sep).join('/');
}

/** A word for a POSIX shell, quoted only if it must be. */
function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Indented JSON with each list of numbers on one line. */
function compactJson(value) {
  const text = JSON.stringify(value, null, 2);
  return `${text.replace(/\[\s+(-?\d[^[\]{}"]*?)\s+\]/g, (_, items) => `[${items.replace(/\s+/g, ' ')}]`)}\n`;
}

function writeWhole(path, text) {
  const temporary = join(dirname(path), `.${basename(path)}.tmp`);
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}
