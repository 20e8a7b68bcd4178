import { join } from 'node:path';
import { type Experiment, evaluateRun, loadRunParameters, type RunDirectory, writeFileAtomic } from '@innerloop/core';
import { type AggregateStep, readSeedsList, SAMPLED_FILE, seedFolder, writeSeedsReport } from '@innerloop/report';
import { openRun } from '../commands/open-run.js';
import { runIntoDirectory, STOPPING } from '../commands/run-training.js';
import { INTERRUPTED_EXIT_CODE, Interruption } from '../interrupt.js';
import { commandLine, displayPath, formatReturn, print, table } from '../output/text.js';
import { isFinishedSeed } from './finished.js';

/**
 * Trains the seeds of a folder that are not finished, one after the other, and writes the aggregate and the report over all. Both are
 * written too when a seed was interrupted, of what there is.
 *
 * @param folder One that `createSeedRuns` made.
 * @returns The exit code: that of the first seed that did not finish, else 0.
 */
export async function runSeeds(folder: string): Promise<number> {
  // One for all seeds: a Ctrl-C between two runs, or during an evaluation after one, must not be lost.
  const interruption = new Interruption(STOPPING);
  try {
    const code = await trainSeeds(folder, interruption);
    await conclude(folder);
    if (code !== 0) print(`Resume:    ${commandLine('resume', displayPath(folder))}`);
    return code;
  } finally {
    interruption.dispose();
  }
}

async function trainSeeds(folder: string, interruption: Interruption): Promise<number> {
  const { seeds = [] } = (await readSeedsList(folder)) ?? {};
  for (const [index, seed] of seeds.entries()) {
    const path = join(folder, seedFolder(seed));
    const title = `== seed ${seed}, ${index + 1} of ${seeds.length}`;
    if (await isFinishedSeed(path)) {
      print(`${title}: finished already`);
      continue;
    }
    if (interruption.signal.aborted) return INTERRUPTED_EXIT_CODE;
    print(`${title} ==`);
    const code = await trainSeed(path, interruption);
    print();
    if (code !== 0) return code;
  }
  return 0;
}

async function trainSeed(path: string, interruption: Interruption): Promise<number> {
  const { directory, experiment } = await openRun(path);
  const config = join(path, 'config.yaml');
  const code = await runIntoDirectory(experiment, directory, { config, interruption, resume: true });
  if (code !== 0 || !experiment.config.evaluation.greedy) return code;
  const again = await openRun(path);
  try {
    await evaluateSampled(again.experiment, again.directory);
  } finally {
    await again.experiment.close();
  }
  return 0;
}

/** Measures the policy that the greedy evaluation measured once more, with sampled actions, on the same tasks. */
async function evaluateSampled(experiment: Experiment, directory: RunDirectory): Promise<void> {
  const { trainer, config } = experiment;
  const { name, record, parameters } = await loadRunParameters(directory, trainer.layout);
  const { tasks, steps, rollouts, seed, stepSizes } = config.evaluation.final;
  const evaluation = await evaluateRun(
    experiment,
    { tasks, steps, rollouts, seed, stepSizes, greedy: false, examples: 0 },
    { parameters, state: record.trainer, checkpoint: name, iteration: record.iteration },
    { place: 'evaluation.final.tasks' },
  );
  await writeFileAtomic(join(directory.path, SAMPLED_FILE), `${JSON.stringify(evaluation)}\n`);
}

async function conclude(folder: string): Promise<void> {
  const { report, file, aggregate } = await writeSeedsReport(folder);
  const { finished, seeds, steps, sampled, greedy } = aggregate;
  if (steps.length > 0) {
    const cells = (label: string) => (step: AggregateStep) => [
      label,
      String(step.step),
      formatReturn(step.mean),
      step.ci95 === null ? '–' : formatReturn(step.ci95),
    ];
    const rows = [...steps.map(cells(greedy ? 'greedy' : 'sampled')), ...(sampled ?? []).map(cells('sampled'))];
    print(`Over ${finished.length} of ${seeds.length} seeds, with the half-width of the 95 % interval:\n`);
    print(`${table([['actions', 'adaptation steps', 'return', '±'], ...rows], [1, 2, 3])}\n`);
  }
  print(`Report:    ${displayPath(report)}`);
  print(`Aggregate: ${displayPath(file)}`);
}
