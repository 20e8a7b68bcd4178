import { kernels, type TaskData, useBackend } from '@innerloop/core';
import { expect, test, vi } from 'vitest';
import { VpgInnerOptimizer } from '../../optim-vpg/src/vpg.js';
import { WrittenOut } from '../src/written-out.js';
import { WrittenOutTaskObjective } from '../src/written-out-objective.js';
import { policyOf, readReference, taskDataOf, thetaOf } from './support/reference.js';

await useBackend('cpu');

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

test('and so it is where any of the allocations fails', () => {
  const before = kernels().allocated;
  const reference = readReference('categorical-2step');
  const policy = policyOf(reference);
  const inner = new VpgInnerOptimizer(policy, { learningRate: 0.1, loss: 'likelihood-ratio', average: 'steps' });
  const [data] = taskDataOf(reference) as [TaskData];
  const theta = thetaOf(reference);
  const work = () => {
    const maths = new WrittenOut(policy, inner);
    const task = new WrittenOutTaskObjective(maths, { derivative: 'exact', curvatureSubsample: 0.5 }, data, theta);
    try {
      task.curvature(Float64Array.from(reference.direction));
      task.gradient(theta.map((x) => x + 0.01));
      task.kl(theta.map((x) => x + 0.01));
    } finally {
      task.dispose();
    }
  };
  const real = kernels().allocate.bind(kernels());
  const allocate = vi.spyOn(kernels(), 'allocate');
  work();
  const calls = allocate.mock.calls.length;
  for (let failing = 1; failing <= calls; failing++) {
    let left = failing;
    allocate.mockImplementation((count) => {
      left -= 1;
      if (left === 0) throw new RangeError('no memory');
      return real(count);
    });
    expect(work).toThrow('no memory');
    expect(kernels().allocated).toBe(before);
  }
  allocate.mockRestore();
  expect(calls).toBeGreaterThan(100);
});
