import { useBackend } from '@innerloop/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeEachBackend } from '../../../scripts/lib/backends.js';
import type { MamlTaskObjective } from '../src/index.js';
import { EXACT, meanOf, objectivesOf, readReference } from './support/reference.js';

/** Values of PyTorch in float64; ours are float32, and the tolerances (norm-relative) allow for that and no more. */
describeEachBackend((backend) => {
  describe.each(['gaussian-1step', 'categorical-2step'])('%s', (name) => {
    const reference = readReference(name);
    const { expected, direction } = reference;
    const v = Float64Array.from(direction);
    let tasks: MamlTaskObjective[] = [];
    const build = (options = EXACT) => {
      tasks = objectivesOf(reference, options);
      return tasks;
    };
    const theta = () => (tasks[0] as MamlTaskObjective).parameters;
    const perturbed = () => theta().map((x, i) => x + expected.perturbation * (direction[i] as number));

    beforeEach(async () => {
      await useBackend(backend);
    });
    afterEach(() => {
      for (const task of tasks) task.dispose();
    });

    test('adapted parameters', () => {
      build().forEach((task, i) => {
        expect(task.adapted(theta())).toBeAllClose(expected.adapted[i] as readonly number[], { rtol: 1e-5 });
      });
    });

    test('surrogate and KL, here and at perturbed parameters', () => {
      build();
      expect(meanOf(tasks.map((t) => t.surrogate(theta())))).toBeAllClose([expected.surrogate], {
        rtol: 0,
        atol: 1e-5,
      });
      expect(meanOf(tasks.map((t) => t.kl(theta())))).toEqual([0]);
      const there = perturbed();
      expect(meanOf(tasks.map((t) => t.surrogate(there)))).toBeAllClose([expected.surrogateAtPerturbed], {
        rtol: 0,
        atol: 1e-5,
      });
      expect(meanOf(tasks.map((t) => t.kl(there)))).toBeAllClose([expected.klAtPerturbed], { rtol: 2e-3, atol: 2e-6 });
    });

    test('meta-gradient, exact and first-order', () => {
      build();
      expect(meanOf(tasks.map((t) => t.gradient(theta())))).toBeAllClose(expected.metaGradient, { rtol: 2e-6 });
      for (const task of tasks) task.dispose();
      build({ ...EXACT, derivative: 'first-order' });
      expect(meanOf(tasks.map((t) => t.gradient(theta())))).toBeAllClose(expected.firstOrderMetaGradient, {
        rtol: 2e-6,
      });
    });

    test.each([
      ['gauss-newton', 2e-6],
      ['double-backprop', 2e-6],
      ['finite-difference', 1e-4],
    ] as const)('KL Hessian-vector product by %s', (curvature, rtol) => {
      build({ ...EXACT, curvature });
      const product = meanOf(tasks.map((t) => t.curvature(v)));
      expect(product).toBeAllClose(expected.klHessianVectorProduct, { rtol });
      // Asked again, the kept graphs give the same numbers.
      expect(meanOf(tasks.map((t) => t.curvature(v)))).toEqual(product);
    });
  });
});
