import type { ExperimentConfig, InnerOptimizer, MetaObjective } from '@innerloop/core';
import { TOKENS } from '@innerloop/core';
import { expect, test } from 'vitest';
import { MamlObjective } from '../src/index.js';
import { smallExperiment } from './support/experiment.js';
import { EXACT } from './support/reference.js';

/*
 * Does meta-training make one adaptation step worth something? Short 2D navigation (H = 20), a few iterations with a fixed seed, then the
 * gain of one step, return after − return before, on the paper's 40 goals. Standing still returns about −8 (20 · mean |goal| 0.4).
 * An untrained policy already gains 2.2 by a step; trained, it gains 4.6 (TRPO) or 3.9 (Adam). The bar lies between, and is then
 * shown to fail without adaptation and on a flipped meta-gradient.
 */
const BAR = 3.2;
const FAILING = 2.5;

const learning: ExperimentConfig = {
  run: { name: 'learning', seed: 1, backend: 'wasm' },
  trainer: { use: 'maml', tasksPerIteration: 10, rolloutsPerTask: 10, adaptationSteps: 1 },
  tasks: { use: 'point-navigation', horizon: 20 },
  policy: { use: 'gaussian-mlp', hiddenSizes: [16] },
  inner: { use: 'vpg', learningRate: 0.5 },
  meta: { use: 'trpo', maxKl: 0.02 },
};

async function gainOfOneStep(changes: ExperimentConfig = {}, iterations = 15): Promise<number> {
  const experiment = await smallExperiment({ ...learning, ...changes });
  const { trainer, tasks } = experiment;
  for (let k = 1; k <= iterations; k++) await trainer.iterate(k);
  const request = { tasks: tasks.taskSets?.paper ?? [], steps: 1, rollouts: 10, seed: 7 };
  const { steps } = await trainer.evaluate(request);
  await experiment.close();
  return (steps[1]?.meanReturn ?? Number.NaN) - (steps[0]?.meanReturn ?? Number.NaN);
}

test('meta-training makes one adaptation step worth it', { timeout: 120_000 }, async () => {
  const gain = await gainOfOneStep();
  expect(gain).toBeGreaterThan(BAR);
  expect(await gainOfOneStep({}, 0)).toBeLessThan(FAILING);
});

test('the bar fails without adaptation', { timeout: 120_000 }, async () => {
  const still: InnerOptimizer = { adapt: ({ policy }) => policy };
  expect(await gainOfOneStep({ inner: still })).toBeLessThan(FAILING);
});

test('the bar fails on a flipped meta-gradient', { timeout: 120_000 }, async () => {
  // A plain gradient step does as it is told; TRPO's line search would refuse each step.
  const meta = { use: 'gradient', method: 'adam', learningRate: 0.02 };
  const upright = await gainOfOneStep({ meta });
  expect(upright).toBeGreaterThan(BAR);
  const probe = await smallExperiment({ ...learning, meta });
  const plain = new MamlObjective(probe.get(TOKENS.policy), probe.get(TOKENS.inner), EXACT);
  const flipped: MetaObjective = {
    provides: plain.provides,
    bind: (data, parameters) => {
      const task = plain.bind(data, parameters);
      return {
        surrogate: (p) => task.surrogate(p),
        gradient: (p) => task.gradient(p).map((x) => -x),
        kl: (p) => task.kl(p),
        curvature: (v) => task.curvature(v),
        dispose: () => task.dispose(),
      };
    },
  };
  expect(await gainOfOneStep({ meta, objective: flipped })).toBeLessThan(FAILING);
});
