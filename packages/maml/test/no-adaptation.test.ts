import { type Batch, useBackend } from '@innerloop/core';
import { expect, test } from 'vitest';
import { VpgInnerOptimizer } from '../../optim-vpg/src/vpg.js';
import { MamlObjective } from '../src/index.js';
import { smallExperiment } from './support/experiment.js';
import { EXACT } from './support/reference.js';
import { ScalarPolicy } from './support/scalar-policy.js';

await useBackend('cpu');

test('without inner steps the objective is the plain surrogate: φ = θ, J = 1', () => {
  const outer: Batch = {
    steps: 2,
    episodes: 1,
    observations: new Float32Array(2),
    actions: Float32Array.of(1, 0),
    advantages: Float64Array.of(1, 2),
    logProbabilities: new Float64Array(2),
  };
  const policy = new ScalarPolicy();
  const inner = new VpgInnerOptimizer(policy, { learningRate: 0.2, loss: 'log-likelihood', average: 'steps' });
  const theta = Float64Array.of(0.5);
  const task = new MamlObjective(policy, inner, EXACT).bind({ inner: [], outer }, theta);
  expect(task.adapted(theta)).toBeAllClose([0.5]);
  // At θ the ratio is 1: −mean Â = −1.5, and its derivative is −mean Â (a − θ) = −(0.5 − 1)/2 = 0.25.
  expect(task.surrogate(theta)).toBeCloseTo(-1.5, 12);
  expect(task.gradient(theta)).toBeAllClose([0.25]);
  // Unit variance: kl(θ + 1) = ½, and F = 1.
  expect(task.kl(Float64Array.of(1.5))).toBeAllClose(0.5);
  expect(task.curvature(Float64Array.of(2))).toBeAllClose([2]);
  task.dispose();
});

test('a trainer without inner steps collects one batch a task and moves θ within the KL limit', async () => {
  const trainer = { use: 'maml', tasksPerIteration: 3, rolloutsPerTask: 4, adaptationSteps: 0 };
  const experiment = await smallExperiment({ trainer, meta: { use: 'trpo', maxKl: 0.01 } });
  const before = experiment.trainer.parameters.slice();
  const { metrics } = await experiment.trainer.iterate(1);
  expect(metrics).toMatchObject({ episodes: 12, 'kl/adaptation': 0, accepted: true });
  expect(metrics['return/after']).toBe(metrics['return/before']);
  expect(metrics['kl/meta']).toBeGreaterThan(0);
  expect(metrics['kl/meta']).toBeLessThanOrEqual(0.01);
  expect(metrics['surrogate/after']).toBeLessThan(metrics['surrogate/before'] as number);
  expect(experiment.trainer.parameters).not.toEqual(before);
  await experiment.close();
});
