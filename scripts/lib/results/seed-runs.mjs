import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '../workspace.mjs';
import { SEED_FAMILIES } from './families.mjs';
import {
  assertSame,
  BACKEND,
  checkpointOf,
  commandLine,
  innerloop,
  isFinished,
  isRecorded,
  madeWith,
  resolvedConfig,
  sumOfMetric,
  trainingSeconds,
  writeRecord,
} from './recording.mjs';

/**
 * A row of a config, with the row's own overrides, that is trained with several seeds by `innerloop train --seeds`, into `<runs>/<family>-<row>`. A folder that was interrupted goes
 * on, one that is finished is not repeated, whoever made it, and what is finished of it is recorded.
 *
 * @param {string} family
 * @param {string} row
 * @param {number[]} seeds
 * @param {import('./recording.mjs').Options} options
 * @param {import('./recording.mjs').Tools} tools
 * @returns {Promise<number>} The exit code of the command that trains.
 */
export async function makeSeedsRow(family, row, seeds, options, tools) {
  const { title, rows } = SEED_FAMILIES[family];
  const config = join('configs', family, `${rows[row].config ?? row}.yaml`);
  const folder = join(options.runs, `${family}-${row}`);
  const overrides = [BACKEND, ...(rows[row].set ?? []), ...(options.set ?? [])];
  console.log(`\n== ${title}, ${rows[row].label} ==`);

  const configs = new Map();
  for (const seed of seeds) {
    configs.set(seed, await resolvedConfig(tools, config, [...overrides, `run.seed=${seed}`]));
  }
  const code = await train({ config, folder, overrides, configs }, tools);
  if (!existsSync(join(folder, 'seeds.json'))) return code;
  const trained = readJson(join(folder, 'seeds.json')).seeds;
  // The folder that the command makes by default, wherever the runs are now.
  const words = trainWords(config, trained, overrides, `runs/${family}-${row}`);
  for (const [seed, wanted] of configs) {
    const run = join(folder, `seed-${seed}`);
    if (isFinishedSeed(run, wanted)) record({ family, row, seed, run, wanted, words }, options, tools);
  }
  return code;
}

function trainWords(config, seeds, overrides, folder) {
  return [
    'train',
    config,
    '--seeds',
    seedsText(seeds),
    ...overrides.flatMap((text) => ['--set', text]),
    '--out',
    folder,
  ];
}

/** Trains all seeds, or goes on with those of the folder that are not finished. Gives the exit code. */
async function train({ config, folder, overrides, configs }, tools) {
  const seeds = [...configs.keys()];
  if (!existsSync(join(folder, 'seeds.json'))) {
    if (existsSync(folder) && readdirSync(folder).length > 0) {
      throw new tools.core.InnerloopError(
        'RUN_EXISTS',
        `${folder} holds something other than a run of several seeds, so it cannot take this row. Move it away, or choose another --runs.`,
      );
    }
    return innerloop(tools, trainWords(config, seeds, overrides, folder));
  }
  const trained = readJson(join(folder, 'seeds.json')).seeds;
  const missing = seeds.filter((seed) => !trained.includes(seed));
  if (missing.length > 0) {
    throw new tools.core.InnerloopError(
      'RUN_EXISTS',
      `${folder} was made for the seeds ${seedsText(trained)}, without ${missing.join(', ')}. Move it away, or choose another --seeds or --runs.`,
    );
  }
  for (const [seed, wanted] of configs) await assertSame(tools, join(folder, `seed-${seed}`), wanted, folder);
  const open = [...configs].some(([seed, wanted]) => !isFinishedSeed(join(folder, `seed-${seed}`), wanted));
  return open ? innerloop(tools, ['resume', folder]) : 0;
}

/** Whether a seed has everything, the evaluation with sampled actions included. */
function isFinishedSeed(run, wanted) {
  return isFinished(run, wanted) && (!wanted.evaluation.greedy || existsSync(join(run, 'evaluation-sampled.json')));
}

/** `1..10`, or `1,2,5`. */
export function seedsText(seeds) {
  const isRange = seeds.length > 1 && seeds.every((seed, index) => seed === seeds[0] + index);
  return isRange ? `${seeds[0]}..${seeds.at(-1)}` : seeds.join(',');
}

function record({ family, row, seed, run, wanted, words }, options, tools) {
  const path = join(options.out, family, `${row}-seed-${seed}.json`);
  const checkpoint = checkpointOf(run);
  if (isRecorded(path, checkpoint, wanted)) {
    console.log(`Recorded:  ${path}`);
    return;
  }
  const evaluation = (name) => keptEvaluation(readJson(join(run, name)), wanted, tools);
  const own = evaluation('evaluation.json');
  writeRecord(path, {
    family,
    row,
    seed,
    command: commandLine(words),
    ...madeWith(tools, run),
    seconds: { training: trainingSeconds(run) },
    environmentSteps: sumOfMetric(run, 'steps') * repeats(wanted),
    checkpoint,
    config: wanted,
    greedy: wanted.evaluation.greedy ? own : null,
    sampled: wanted.evaluation.greedy ? evaluation('evaluation-sampled.json') : own,
  });
}

/** Steps of the environment for one of the policy, at most: an episode may end while an action is repeated. */
function repeats({ wrappers }) {
  return wrappers.filter(({ use }) => use === 'action-repeat').reduce((product, { times }) => product * times, 1);
}

/**
 * An evaluation without examples and without the tasks, which its seed draws again. Of each task it keeps one number to six digits: the return, or the
 * total where that is what counts.
 */
function keptEvaluation(evaluation, wanted, { core }) {
  const { tasks, taskSet, seed, rollouts, stepSizes, checkpoint, iteration, references, result } = evaluation;
  const rounded = (values) => values.map((value) => Number(value.toPrecision(6)));
  const asTotal = wanted.evaluation.score === 'total';
  const steps = result.steps.map(({ step, meanReturn, ci95, returns }) => ({
    ...{ step, meanReturn, ci95 },
    ...(!asTotal && { returns: rounded(returns) }),
  }));
  const total = asTotal ? core.totalReturn(evaluation) : null;
  return {
    ...{ tasks: tasks.length, taskSet, seed, rollouts, stepSizes, checkpoint, iteration, references, steps },
    ...(total && { total: { ...total, totals: rounded(total.totals) } }),
  };
}
