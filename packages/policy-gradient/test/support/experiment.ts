import { createExperiment, type Experiment, type ExperimentConfig } from '@innerloop/core';
import { envsPlugin } from '@innerloop/envs';
import { trpoPlugin } from '@innerloop/optim-trpo';
import { vpgPlugin } from '@innerloop/optim-vpg';
import { policyGradientPlugin } from '../../src/index.js';

export const PLUGINS = [envsPlugin, vpgPlugin, trpoPlugin, policyGradientPlugin];

/** Small training on CartPole, whose episodes end early; any part can be replaced. */
export function smallExperiment(changes: ExperimentConfig = {}): Promise<Experiment> {
  const config: ExperimentConfig = {
    trainer: { use: 'policy-gradient', stepsPerIteration: 150 },
    tasks: { use: 'cart-pole', timeLimit: 40 },
    policy: { use: 'categorical-mlp', hiddenSizes: [8] },
    optimizer: { use: 'trpo' },
    baseline: { use: 'mlp-value', hiddenSizes: [8], iterations: 5 },
    loggers: [],
    ...changes,
    run: { name: 'small', seed: 1, iterations: 3, backend: 'cpu', ...changes.run },
  };
  return createExperiment(config, { plugins: PLUGINS });
}
