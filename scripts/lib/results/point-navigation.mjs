import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readJson } from '../workspace.mjs';
import { POINT_NAVIGATION as FAMILY } from './families.mjs';
import {
  assertSame,
  BACKEND,
  checkpointOf,
  commandLine,
  innerloop,
  isFinished,
  isRecorded,
  madeWith,
  posix,
  resolvedConfig,
  trainingSeconds,
  writeRecord,
} from './recording.mjs';

/** Episodes per task and adaptation step: the paper's 4000 transitions a step are at least 40 trajectories of at most 100 steps. */
const ROLLOUTS = 40;

/**
 * A row of the MAML paper's 2D navigation figure: trains a run for each seed, measures it by the paper's protocol, and keeps the numbers, of some
 * rows the checkpoint too. A run that was interrupted goes on, one that is finished is not repeated, and no run is ever overwritten.
 *
 * @param {string} name One of the family's rows.
 * @param {number[]} seeds
 * @param {import('./recording.mjs').Options} options
 * @param {import('./recording.mjs').Tools} tools
 * @returns {Promise<number>} The exit code of the first command that did not end with 0, else 0.
 */
export async function makePaperRow(name, seeds, options, tools) {
  for (const seed of seeds) {
    const code = await makeSeed(name, seed, options, tools);
    if (code !== 0) return code;
  }
  return 0;
}

async function makeSeed(name, seed, options, tools) {
  const { label, config: file, set = [] } = FAMILY.rows[name];
  const config = join('configs', 'point-navigation', file);
  const run = join(options.runs, `paper-${name}-seed-${seed}`);
  const overrides = [BACKEND, ...(options.set ?? []), ...set, `run.seed=${seed}`];
  console.log(`\n== ${label}, seed ${seed} ==`);

  const train = ['train', config, ...overrides.flatMap((text) => ['--set', text]), '--out', run];
  const wanted = await resolvedConfig(tools, config, overrides);
  if (existsSync(join(run, 'config.yaml'))) {
    await assertSame(tools, run, wanted);
    const code = isFinished(run, wanted) ? 0 : await innerloop(tools, ['resume', run]);
    if (code !== 0) return code;
  } else {
    const code = await innerloop(tools, train);
    if (code !== 0) return code;
  }
  return record({ name, seed, config, run, train, wanted }, options, tools);
}

async function record({ name, seed, config, run, train, wanted }, options, tools) {
  const { label, steps, keep } = FAMILY.rows[name];
  const out = join(options.out, 'point-navigation');
  const path = join(out, `${name}-seed-${seed}.json`);
  const checkpoint = checkpointOf(run);
  if (isRecorded(path, checkpoint, wanted)) {
    console.log(`Recorded:  ${path}`);
    return 0;
  }
  const evaluate = ['evaluate', run, '--tasks', 'paper', '--steps', String(steps), '--rollouts', String(ROLLOUTS)];
  const folder = mkdtempSync(join(tmpdir(), 'innerloop-results-'));
  try {
    const file = join(folder, 'evaluation.json');
    const began = performance.now();
    const code = await innerloop(tools, [...evaluate, '--out', file]);
    if (code !== 0) return code;
    const seconds = { training: trainingSeconds(run), evaluation: (performance.now() - began) / 1000 };
    if (keep) keepCheckpoint(run, checkpoint, config, join(out, 'checkpoints', `seed-${seed}`));
    // Last, so that what is recorded is there.
    writeRecord(path, {
      row: name,
      label: `${label}, seed ${seed}`,
      seed,
      commands: [train, evaluate].map(commandLine),
      ...madeWith(tools, run),
      seconds,
      checkpoint,
      config: wanted,
      evaluation: withoutExamples(readJson(file)),
    });
    return 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function withoutExamples(evaluation) {
  return { ...evaluation, views: [], result: { ...evaluation.result, examples: [] } };
}

/** Copies what `innerloop evaluate` needs of a run. What was there is replaced as a whole. */
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
