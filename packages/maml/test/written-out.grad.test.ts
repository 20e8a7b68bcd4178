import { type Batch, kernels, type TaskData, useBackend } from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import { VpgInnerOptimizer } from '../../optim-vpg/src/vpg.js';
import { MamlObjective } from '../src/index.js';
import { WrittenOut } from '../src/written-out.js';
import { WrittenOutTaskObjective } from '../src/written-out-objective.js';
import { EXACT, meanOf, objectivesOf, policyOf, readReference, taskDataOf, thetaOf } from './support/reference.js';

await useBackend('cpu');

describe.each(['gaussian-1step', 'categorical-2step'])('%s', (name) => {
  const reference = readReference(name);
  const { expected, direction } = reference;
  const policy = policyOf(reference);
  const inner = new VpgInnerOptimizer(policy, {
    learningRate: reference.innerLearningRate,
    loss: 'log-likelihood',
    average: 'steps',
  });
  const theta = thetaOf(reference);
  const v = Float64Array.from(direction);
  const maths = new WrittenOut(policy, inner);
  const tasks = (derivative: 'exact' | 'first-order' = 'exact') =>
    taskDataOf(reference).map((data) => new WrittenOutTaskObjective(maths, { derivative }, data, theta));

  test('the reference values', () => {
    const list = tasks();
    expect(meanOf(list.map((t) => t.surrogate(theta)))).toBeAllClose([expected.surrogate], { rtol: 0, atol: 1e-6 });
    expect(meanOf(list.map((t) => t.kl(theta)))).toEqual([0]);
    expect(meanOf(list.map((t) => t.gradient(theta)))).toBeAllClose(expected.metaGradient, { rtol: 2e-6 });
    expect(meanOf(list.map((t) => t.curvature(v)))).toBeAllClose(expected.klHessianVectorProduct, { rtol: 2e-6 });
    const there = theta.map((x, i) => x + expected.perturbation * (direction[i] as number));
    expect(meanOf(list.map((t) => t.surrogate(there)))).toBeAllClose([expected.surrogateAtPerturbed], {
      rtol: 0,
      atol: 1e-6,
    });
    expect(meanOf(list.map((t) => t.kl(there)))).toBeAllClose([expected.klAtPerturbed], { rtol: 1e-3, atol: 1e-7 });
    const first = meanOf(tasks('first-order').map((t) => t.gradient(theta)));
    expect(first).toBeAllClose(expected.firstOrderMetaGradient, { rtol: 2e-6 });
    for (const task of list) task.dispose();
  });

  test('agrees with the graph', () => {
    const graph = objectivesOf(reference, EXACT);
    tasks().forEach((task, i) => {
      const other = graph[i] as (typeof graph)[number];
      const there = theta.map((x, k) => x + 0.3 * (direction[k] as number));
      expect(task.gradient(there)).toBeAllClose(other.gradient(there), { rtol: 1e-5 });
      expect(task.curvature(v)).toBeAllClose(other.curvature(v), { rtol: 1e-5 });
    });
  });
});

test('everything allocated is given back', () => {
  const before = kernels().allocated;
  const reference = readReference('categorical-2step');
  const policy = policyOf(reference);
  const inner = new VpgInnerOptimizer(policy, { learningRate: 0.1, loss: 'likelihood-ratio', average: 'steps' });
  for (const data of taskDataOf(reference)) {
    const task = new WrittenOutTaskObjective(
      new WrittenOut(policy, inner),
      { derivative: 'exact' },
      data,
      thetaOf(reference),
    );
    task.curvature(Float64Array.from(reference.direction));
    task.gradient(thetaOf(reference).map((x) => x + 0.01));
    task.kl(thetaOf(reference).map((x) => x + 0.01));
    task.dispose();
  }
  expect(kernels().allocated).toBe(before);
});

test.each(['gauss-newton', 'double-backprop', 'finite-difference'] as const)(
  'a subsample of curvature is the curvature of a subsample: %s',
  (curvature) => {
    const reference = readReference('gaussian-1step');
    const v = Float64Array.from(reference.direction);
    const theta = thetaOf(reference);
    const policy = policyOf(reference);
    const inner = new VpgInnerOptimizer(policy, { learningRate: 0.1, loss: 'log-likelihood', average: 'steps' });
    const data = taskDataOf(reference)[0] as TaskData;
    const { outer } = data;
    // A third of 12 steps: 0, 3, 6 and 9, picked out by hand.
    const pick = (values: Float32Array, size: number) =>
      Float32Array.from([0, 3, 6, 9].flatMap((i) => [...values.slice(i * size, (i + 1) * size)]));
    const few: Batch = {
      steps: 4,
      episodes: 1,
      observations: pick(outer.observations, 3),
      actions: pick(outer.actions, 2),
      advantages: new Float64Array(4),
      logProbabilities: new Float64Array(4),
    };
    const graph = (subsample: number, d: TaskData) =>
      new MamlObjective(policy, inner, { derivative: 'exact', curvature, curvatureSubsample: subsample })
        .bind(d, theta)
        .curvature(v);
    const expected = graph(1, { inner: data.inner, outer: few });
    expect(graph(1 / 3, data)).toBeAllClose(expected, { rtol: 1e-6 });
    const written = new WrittenOutTaskObjective(
      new WrittenOut(policy, inner),
      { derivative: 'exact', curvatureSubsample: 1 / 3 },
      data,
      theta,
    );
    expect(written.curvature(v)).toBeAllClose(expected, { rtol: curvature === 'finite-difference' ? 1e-3 : 1e-5 });
    written.dispose();
  },
);
