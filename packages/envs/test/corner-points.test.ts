import { describe, expect, it } from 'vitest';
import {
  CORNERS,
  type CornerTask,
  PointCorner,
  PointMomentum,
  pointCornerComponent,
  pointMomentumComponent,
} from '../src/index.js';
import { numbers, stream, sum } from './support/points.js';

describe.each([
  ['point-corner', new PointCorner()],
  ['point-momentum', new PointMomentum()],
])('the distribution of %s', (name, tasks) => {
  it('has the four corners with equal chances', () => {
    const drawn = tasks.sample(stream(8), 4000).map(({ goal }) => goal.join());
    const counts = CORNERS.map(({ goal }) => drawn.filter((other) => other === goal.join()).length);
    expect(sum(counts)).toBe(4000);
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(3 * 27.4); // √(4000 · ¼ · ¾) = 27.4
    expect(tasks.taskSets.corners).toEqual(CORNERS);
    expect(tasks.view({ goal: [2, -2] })).toEqual({ axes: [0, 1], target: [2, -2] });
  });

  it('has an observation space that no episode leaves', () => {
    const push = Float32Array.of(9, -9);
    const environment = tasks.create({ goal: [2, 2] });
    let observation = numbers(environment.reset(stream(9)));
    for (let t = 0; t < tasks.horizon; t++) observation = numbers(environment.step(push).observation);
    const { low, high } = environment.observationSpace;
    expect(observation.every((value, d) => value >= (low[d] as number) && value <= (high[d] as number))).toBe(true);
    // …and that is not larger than need be: it began at most 0.2 away from where it could have.
    expect(Math.abs(observation[0] as number)).toBeGreaterThan(0.95 * (high[0] as number));
  });

  it.each([{ goal: [2, 1] }, { goal: [2] }, { goal: '2,2' }, {}, null])('refuses the task %j', (task) => {
    const create = () => tasks.create(task as unknown as CornerTask);
    expect(create).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_INVALID' }));
    expect(create).toThrow(`A task of ${name} must be`);
  });
});

it('spaces and rewards follow from options', () => {
  const corner = pointCornerComponent.create(pointCornerComponent.options.parse({ horizon: 10, sparseRadius: 0 }), {});
  expect(corner.horizon).toBe(10);
  expect(corner.observationSpace.high).toBeAllClose([2.2, 2.2], { rtol: 1e-12 }); // 0.2 + 10 · 0.2
  const inside = corner.create({ goal: [2, 2] });
  inside.reset({ uniform: () => 0.75, normal: () => 0, integer: () => 0 }); // (0.1, 0.1)
  expect(inside.step(Float32Array.of(0.1, 0.1)).reward).toBeAllClose(0.1 * Math.SQRT2, { rtol: 1e-6 });
  const momentum = pointMomentumComponent.create(
    pointMomentumComponent.options.parse({ horizon: 2, sparseRadius: 9 }),
    {},
  );
  // 0.2 + 2 · 0.1 + 3 · 0.1 = 0.7; 0.1 + 2 · 0.1 = 0.3.
  expect(momentum.observationSpace.high).toBeAllClose([0.7, 0.7, 0.3, 0.3], { rtol: 1e-12 });
  const far = momentum.create({ goal: [2, 2] });
  far.reset({ uniform: () => 0.5, normal: () => 0, integer: () => 0 }); // at rest in the origin
  expect(far.step(Float32Array.of(0, 0)).reward).toBeAllClose(9 - 2 * Math.SQRT2, { rtol: 1e-12 });
});
