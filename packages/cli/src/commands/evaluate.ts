import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  type BackendChoice,
  type CheckpointName,
  type EvaluationPlan,
  type EvaluationRecord,
  type Experiment,
  evaluateRun,
  InnerloopError,
  loadRunParameters,
  TOKENS,
  writeFileAtomic,
} from '@innerloop/core';
import { evaluationText } from '../output/returns-table.js';
import { displayPath, isTerminal, print } from '../output/text.js';
import { EvaluationProgress } from '../progress/evaluation-progress.js';
import type { AddCommand } from './context.js';
import { openRun } from './open-run.js';
import { backend, checkpoint, seed, stepSizes, tasks, wholeNumber } from './options.js';

interface EvaluateOptions {
  readonly tasks?: number | string;
  readonly steps?: number;
  readonly rollouts?: number;
  readonly seed?: number;
  readonly greedy?: boolean;
  readonly stepSizes?: number[];
  readonly checkpoint?: CheckpointName;
  readonly backend?: BackendChoice;
  readonly json?: boolean;
  readonly out?: string;
}

/** `innerloop evaluate`. */
export const addEvaluate: AddCommand = (program) => {
  program
    .command('evaluate')
    .summary('measure a trained run on unseen tasks, adapting to them')
    .description(
      'Adapts the trained policy to tasks and measures the return after each number of adaptation steps; without adaptation if the trainer has none.',
    )
    .argument('<run>', 'a run directory')
    .option(
      '--tasks <n|set>',
      "how many unseen tasks, or the name of a task set (default, as of all: the run's final evaluation)",
      tasks,
    )
    .option('--steps <n>', 'adaptation steps', wholeNumber('--steps', 0, 2 ** 12 - 1))
    .option('--rollouts <n>', 'episodes per task and adaptation step', wholeNumber('--rollouts', 1, 2 ** 28))
    .option('--seed <n>', 'seeds the tasks and the episodes', seed)
    .option('--greedy', "measure the mode of the policy, not sampled actions (default: the run's evaluation.greedy)")
    .option('--no-greedy', 'measure sampled actions')
    .option('--step-sizes <list>', 'step size of each adaptation step, the last repeated', stepSizes)
    .option('--checkpoint <name>', 'best or last (default: best if the run kept one)', checkpoint)
    .option('--backend <name>', 'auto, wasm, cpu or native (default: the one that the run used)', backend)
    .option('--json', 'print the result as JSON')
    .option('--out <file>', 'also write everything, with tasks and example episodes, to a new JSON file')
    .addHelpText(
      'after',
      '\nExample:\n  innerloop evaluate runs/quickstart-001 --tasks 40 --steps 3 --rollouts 40 --seed 7 --step-sizes 0.005,0.0025',
    )
    .action(evaluate);
};

async function evaluate(path: string, options: EvaluateOptions): Promise<void> {
  refuseUnwritable(options.out);
  const { directory, experiment } = await openRun(path, options.backend);
  const progress = new EvaluationProgress(process.stderr);
  try {
    const { trainer } = experiment;
    const { name, record, parameters } = await loadRunParameters(directory, trainer.layout, options.checkpoint);
    const from = { parameters, state: record.trainer, checkpoint: name, iteration: record.iteration };
    const evaluation = await evaluateRun(experiment, planOf(experiment, options), from, {
      place: '--tasks',
      ...(isTerminal(process.stderr) && { onProgress: progress.update }),
    });
    if (options.out !== undefined) await writeFileAtomic(options.out, `${JSON.stringify(evaluation)}\n`);
    show(evaluation, experiment.config.evaluation.score, options);
  } finally {
    progress.stop();
    await experiment.close();
  }
}

/** The run's final evaluation, with what the options say in its place. */
function planOf({ config, get, registry }: Experiment, options: EvaluateOptions): EvaluationPlan {
  const { final, greedy } = config.evaluation;
  const trainer = config.trainer.use;
  if (options.steps && registry.find('trainer', trainer)?.component.adapts === false) {
    throw new InnerloopError(
      'OPTION_INVALID',
      `--steps: expected 0, since the trainer '${trainer}' of this run does not adapt, found ${options.steps}. Leave the option out.`,
    );
  }
  if (options.stepSizes && !(config.inner && get(TOKENS.inner).acceptsStepSizes)) {
    throw new InnerloopError(
      'OPTION_INVALID',
      `--step-sizes: expected an inner optimizer that accepts step sizes, found '${config.inner?.use ?? 'none'}'. Leave the option out.`,
    );
  }
  return {
    tasks: options.tasks ?? final.tasks,
    steps: options.steps ?? final.steps,
    rollouts: options.rollouts ?? final.rollouts,
    seed: options.seed ?? final.seed,
    greedy: options.greedy ?? greedy,
    stepSizes: options.stepSizes ?? final.stepSizes,
    examples: options.out === undefined ? 0 : final.examples,
  };
}

function show(evaluation: EvaluationRecord, score: 'adapted' | 'total', { json, out }: EvaluateOptions): void {
  if (json) {
    print(JSON.stringify({ steps: evaluation.result.steps }));
    return;
  }
  print(evaluationText(evaluation, score));
  if (out !== undefined) print(`\nWritten to ${displayPath(out)}`);
}

/** Finds before the evaluation that its file could not be written after it. */
function refuseUnwritable(file: string | undefined): void {
  if (file === undefined) return;
  if (existsSync(file)) {
    throw new InnerloopError(
      'OPTION_INVALID',
      `--out: expected a file that does not exist yet, found ${file}. Choose another name.`,
    );
  }
  const folder = dirname(resolve(file));
  if (existsSync(folder) && statSync(folder).isDirectory()) return;
  throw new InnerloopError(
    'OPTION_INVALID',
    `--out: expected a file in a folder that exists, found ${file}: there is no folder ${folder}. Make it first, or choose another name.`,
  );
}
