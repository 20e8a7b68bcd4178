import { createExperiment, type Experiment, type ExperimentConfig } from '@innerloop/core';
import { envsPlugin } from '@innerloop/envs';
import { trpoPlugin } from '@innerloop/optim-trpo';
import { vpgPlugin } from '@innerloop/optim-vpg';
import { mamlPlugin } from '../../src/index.js';

export const PLUGINS = [envsPlugin, vpgPlugin, trpoPlugin, mamlPlugin];

/** A small 2D navigation experiment; any part can be replaced. */
export function smallExperiment(changes: ExperimentConfig = {}): Promise<Experiment> {
  const config: ExperimentConfig = {
    trainer: { use: 'maml', tasksPerIteration: 3, rolloutsPerTask: 3, adaptationSteps: 1 },
    objective: { use: 'maml' },
    tasks: { use: 'point-navigation', horizon: 10 },
    wrappers: [{ use: 'action-scaling' }],
    policy: { use: 'gaussian-mlp', hiddenSizes: [8] },
    inner: { use: 'vpg', learningRate: 0.2 },
    meta: { use: 'trpo' },
    loggers: [],
    ...changes,
    // In this thread unless a test asks for others: workers run the build, not the sources under test.
    run: { name: 'small', seed: 1, iterations: 3, backend: 'cpu', workers: 0, ...changes.run },
  };
  return createExperiment(config, { plugins: PLUGINS });
}
