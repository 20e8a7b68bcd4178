import { resolve } from 'node:path';
import process, { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import {
  type Action,
  type BoxSpace,
  createExperiment,
  describeRun,
  type Environment,
  type ExperimentConfig,
  isInnerloopError,
  type Random,
  RunDirectory,
  runTraining,
  type Step,
  type TaskDistribution,
  type TrainingResult,
} from '@innerloop/core';
import { mamlPlugin } from '@innerloop/maml';
import { trpoPlugin } from '@innerloop/optim-trpo';
import { vpgPlugin } from '@innerloop/optim-vpg';

/** One task: where the hidden set point is. */
export type SetPoint = { readonly at: number };

const SPEED = 0.1;
const LINE: BoxSpace = { kind: 'box', low: [-2], high: [2] };
const PUSH: BoxSpace = { kind: 'box', low: [-1], high: [1] };

/** A carriage on a line. It is seen and pushed; the reward says how far it is from the set point. */
class Carriage implements Environment {
  readonly observationSpace = LINE;
  readonly actionSpace = PUSH;
  private x = 0;

  constructor(private readonly task: SetPoint) {}

  reset(_random: Random): number[] {
    this.x = 0;
    return [this.x];
  }

  step(action: Action): Step {
    const push = (action as Float32Array)[0] as number;
    this.x += SPEED * Math.min(1, Math.max(-1, push));
    return { observation: [this.x], reward: -Math.abs(this.x - this.task.at), terminated: false, truncated: false };
  }
}

/** Set points uniform on [−1, 1]; episodes of 10 steps. */
export class CarriageTasks implements TaskDistribution<SetPoint> {
  readonly observationSpace = LINE;
  readonly actionSpace = PUSH;
  readonly horizon = 10;

  sample(random: Random, count: number): SetPoint[] {
    return Array.from({ length: count }, () => ({ at: 2 * random.uniform() - 1 }));
  }

  create(task: SetPoint): Environment {
    return new Carriage(task);
  }
}

/** The packages whose components the experiment names. */
export const PLUGINS = [mamlPlugin, vpgPlugin, trpoPlugin];

/** The experiment: names with options, and one object of our own. */
export const EXPERIMENT: ExperimentConfig = {
  run: { name: 'carriage', seed: 1, iterations: 15 },
  trainer: { use: 'maml', tasksPerIteration: 10, rolloutsPerTask: 10, adaptationSteps: 1 },
  objective: { use: 'maml' },
  tasks: new CarriageTasks(),
  policy: { use: 'gaussian-mlp', hiddenSizes: [16], initialStd: 0.5 },
  inner: { use: 'vpg', learningRate: 0.2 },
  meta: { use: 'trpo', maxKl: 0.02 },
  evaluation: { every: 5, tasks: 10, final: { tasks: 20, steps: 2, rollouts: 10 } },
  loggers: [],
};

/**
 * Trains and evaluates.
 *
 * @param directory Where to keep the run; must not exist. Without one nothing is written.
 */
export async function train(directory?: string): Promise<TrainingResult> {
  const experiment = await createExperiment(EXPERIMENT, { plugins: PLUGINS });
  experiment.events.on('iteration:end', ({ iteration, metrics }) => {
    console.log(`${iteration}: ${metrics['return/before']} before, ${metrics['return/after']} after adaptation`);
  });
  try {
    if (directory === undefined) return await runTraining(experiment);
    const run = await RunDirectory.create(directory, describeRun(experiment));
    return await runTraining(experiment, { directory: run });
  } finally {
    await experiment.close();
  }
}

if (argv[1] !== undefined && resolve(argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    const { evaluation, directory } = await train(argv[2] ?? 'runs/carriage');
    for (const { step, meanReturn, ci95 } of evaluation?.result.steps ?? []) {
      console.log(`after ${step} adaptation steps: ${meanReturn.toFixed(2)} ± ${ci95.toFixed(2)}`);
    }
    console.log(`The run is in ${directory}.`);
  } catch (error) {
    if (!isInnerloopError(error)) throw error;
    // Its message is for whoever runs this, such as that runs/carriage is there already.
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  }
}
