import { type Batch, type TaskData, useBackend } from '@innerloop/core';
import { expect, test } from 'vitest';
import { VpgInnerOptimizer } from '../../optim-vpg/src/vpg.js';
import { MamlObjective } from '../src/index.js';
import { WrittenOut } from '../src/written-out.js';
import { WrittenOutTaskObjective } from '../src/written-out-objective.js';
import { policyOf, readReference, taskDataOf, thetaOf } from './support/reference.js';

await useBackend('cpu');

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
