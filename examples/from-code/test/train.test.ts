import { createExperiment, type TrainingResult } from '@innerloop/core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { CarriageTasks, EXPERIMENT, PLUGINS, train } from '../src/train.js';

describe('the tasks', () => {
  test('reward closeness to the set point', () => {
    const carriage = new CarriageTasks().create({ at: 0.25 });
    const random = { uniform: () => 0, normal: () => 0, integer: () => 0 };
    expect(carriage.reset(random)).toEqual([0]);
    // A push of 1 moves by 0.1, one of 5 is cut to 1: x = 0.1, 0.2, so |x − 0.25| = 0.15, 0.05.
    expect(carriage.step(Float32Array.of(1)).reward).toBeCloseTo(-0.15, 12);
    expect(carriage.step(Float32Array.of(5)).reward).toBeCloseTo(-0.05, 12);
    expect(carriage.reset(random)).toEqual([0]);
  });
});

describe('training from code', () => {
  let result: TrainingResult;

  beforeAll(async () => {
    vi.spyOn(console, 'log').mockImplementation(() => undefined);
    result = await train();
  }, 120_000);

  test('improves the return that one adaptation step reaches', async () => {
    expect(result).toMatchObject({ reason: 'finished', iteration: 15 });
    const [before, after, twice] = result.evaluation?.result.steps.map(({ meanReturn }) => meanReturn) ?? [];
    // Standing still gives −10 · E|at| = −5 on average, and at best a carriage needs 10 |at| steps to arrive:
    // −Σ_t max(0, |at| − 0.1 t), which over set points is −1.4 on average.
    expect(after).toBeGreaterThan((before as number) + 1.5);
    expect(twice).toBeGreaterThan(after as number);
    const experiment = await createExperiment(EXPERIMENT, { plugins: PLUGINS });
    const { tasks, seed, rollouts } = result.evaluation as NonNullable<TrainingResult['evaluation']>;
    const untrained = await experiment.trainer.evaluate({ tasks, seed, rollouts, steps: 1 });
    expect(after).toBeGreaterThan((untrained.steps[1]?.meanReturn as number) + 0.3);
    await experiment.close();
  });
});
