import type { Environment } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { CORNERS, type CornerTask, PointCorner } from '../src/index.js';
import { type Controller, clip, numbers, play, stream, sum } from './support/points.js';
import { mean } from './support/statistics.js';

describe('point-corner', () => {
  const tasks = new PointCorner();
  /** Along each axis straight to the goal, where it then stays. */
  const straight =
    ({ goal: [x, y] }: CornerTask): Controller =>
    ([px = 0, py = 0]) => [x - px, y - py];

  /** A task's environment, brought to a position by moves of at most 0.2. */
  function at(x: number, y: number, goal: CornerTask['goal'], distribution = tasks): Environment {
    const environment = distribution.create({ goal });
    let [px, py] = numbers(environment.reset(stream(2))) as [number, number];
    while (Math.hypot(x - px, y - py) > 1e-9) {
      // In float64, since a test of a threshold needs the position exactly.
      const moves = [clip(x - px, 0.2), clip(y - py, 0.2)] as unknown as Float32Array;
      [px, py] = numbers(environment.step(moves).observation) as [number, number];
    }
    return environment;
  }

  it.each([
    // From (0.3, 0.3) by (0.1, 0.2) to (0.4, 0.5): √(1.7² + 1.7²) − √(1.6² + 1.5²) = 2.4041631 − 2.1931712.
    ['progress towards the nearest corner', [0.3, 0.3], [0.1, 0.2], [2, 2], 0.2109919],
    ['less for going back', [0.4, 0.5], [-0.1, -0.2], [2, 2], -0.2109919],
    ['nothing within |x| + |y| < 0.5', [0.1, 0.1], [0.1, 0.19], [2, 2], 0],
    // From (0.1, 0.1) by (0.2, 0.2) to (0.3, 0.3): 1.9 √2 − 1.7 √2.
    ['progress from the middle once outside of it', [0.1, 0.1], [0.2, 0.2], [2, 2], 0.2828427],
    ['nothing where another corner is nearer', [0.3, 0.3], [0.1, 0.2], [-2, 2], 0],
    // From (0.1, 0.6) by (−0.2, 0) to (−0.1, 0.6): √(2.1² + 1.4²) − √(1.9² + 1.4²) = 2.5238859 − 2.3600847.
    ['progress when the goal becomes the nearest corner', [0.1, 0.6], [-0.2, 0], [-2, 2], 0.1638012],
  ] as const)('pays %s', (_name, [x, y], move, goal, reward) => {
    const step = at(x, y, goal).step(Float32Array.from(move));
    expect(step.reward).toBeAllClose(reward, { rtol: 0, atol: 1e-7 });
    expect([step.terminated, step.truncated]).toEqual([false, false]);
  });

  it('pays on the line between two corners, which are then both nearest', () => {
    // From (0.1, 0.6) to (0, 0.6): √(1.9² + 1.4²) − √(2² + 1.4²) = 2.3600847 − 2.4413111 towards (2, 2): less than 0.
    const move = Float64Array.of(-0.1, 0) as unknown as Float32Array;
    const environment = at(0.1, 0.6, [2, 2]);
    expect(environment.step(move).reward).toBeAllClose(-0.0812264, { rtol: 0, atol: 1e-7 });
  });

  it('moves by at most 0.2 along each axis, from a start within 0.2', () => {
    const environment = tasks.create({ goal: [2, 2] });
    const starts = Array.from({ length: 2000 }, (_, seed) => numbers(environment.reset(stream(seed)))).flat();
    expect(Math.max(...starts.map(Math.abs))).toBeLessThanOrEqual(0.2);
    // U[−0.2, 0.2]: mean square 0.04 / 3; the standard error over 4000 numbers is 0.0002.
    expect(mean(starts.map((value) => value ** 2))).toBeAllClose(0.04 / 3, { rtol: 0, atol: 6e-4 });
    const [x, y] = numbers(environment.reset(stream(3))) as [number, number];
    const { observation } = environment.step(Float32Array.of(5, -0.05));
    expect(observation).toBeAllClose([x + 0.2, y - 0.05], { rtol: 0, atol: 1e-8 });
  });

  it.each(CORNERS)('dense: its optimum at the goal %j is to shorten both axes at once', (task) => {
    const dense = new PointCorner({ reward: 'dense' });
    const { start, total } = play(dense.create(task), dense.horizon, straight(task));
    // After t moves |2 − 0.2 t − …| is left along each axis, and no policy can have less along either.
    const left = (d: number, t: number) =>
      Math.max(Math.abs(task.goal[d as 0 | 1] - (start[d] as number)) - 0.2 * t, 0);
    const best = -sum(Array.from({ length: 100 }, (_, t) => Math.hypot(left(0, t + 1), left(1, t + 1))));
    expect(total).toBeAllClose(best, { rtol: 1e-6 });
    // From the origin −√2 Σ_t=1…9 (2 − 0.2 t) = −9 √2 = −12.73; a start 0.2 away along both axes gives 0.2 · 10 · √2 more or less.
    expect(Math.abs(total + 9 * Math.SQRT2)).toBeLessThan(2 * Math.SQRT2);
  });

  it('dense-squared: the same in squares', () => {
    const squared = new PointCorner({ reward: 'dense-squared' });
    const [plain, squares] = [new PointCorner({ reward: 'dense' }), squared].map(
      (distribution) => play(distribution.create({ goal: [2, -2] }), 100, straight({ goal: [2, -2] })).rewards,
    ) as [number[], number[]];
    expect(squares).toBeAllClose(
      plain.map((value) => -(value ** 2)),
      { rtol: 1e-12 },
    );
  });

  it.each(CORNERS)('sparse: going straight to %j earns the distance from where rewards begin', (task) => {
    const { start, rewards, total } = play(tasks.create(task), tasks.horizon, straight(task));
    const path = [start];
    while (path.length < 100) {
      path.push(
        (path.at(-1) as number[]).map((value, d) => value + clip((task.goal[d as 0 | 1] as number) - value, 0.2)),
      );
    }
    // Rewards telescope: the distance before the first step that leaves the middle on the goal's side.
    const first = path.findIndex(
      ([x = 0, y = 0], t) =>
        t > 0 && Math.abs(x) + Math.abs(y) >= 0.5 && x * task.goal[0] >= 0 && y * task.goal[1] >= 0,
    );
    const before = path[first - 1] as number[];
    expect(total).toBeAllClose(Math.hypot(task.goal[0] - (before[0] as number), task.goal[1] - (before[1] as number)), {
      rtol: 1e-6,
    });
    expect(rewards.every((reward) => reward >= 0)).toBe(true);
    expect(total).toBeGreaterThan(2);
    expect(total).toBeLessThan(2.2 * Math.SQRT2);
  });

  /*
   * The sparse reward is not a difference of potentials: a step that ends in the middle costs nothing, and the step out of it pays again. So
   * going to and fro beats going to the goal. Bound: with L = 0.2 √2 the longest step, U of T steps unrewarded and d the distance to the
   * goal, rewards ≤ L (T − U), and rewards = d_0 − d_T + what the unrewarded steps lose ≤ d_0 + L U. Together: ≤ (L T + d_0) / 2.
   */
  it.each(CORNERS)(
    'sparse: in and out of the middle, then to %j, comes near the bound of (0.2 √2 T + d) / 2',
    (task) => {
      const shuttle: Controller = ([px = 0, py = 0], t) => {
        const [sx, sy] = task.goal.map(Math.sign) as [number, number];
        if (t >= 88) return straight(task)([px, py], t);
        const out = Math.abs(px) + Math.abs(py) < 0.5;
        return [sx * (out ? 0.3 : 0.1) - px, sy * (out ? 0.3 : 0.1) - py];
      };
      const { start, total } = play(tasks.create(task), 100, shuttle);
      const distance = Math.hypot(task.goal[0] - (start[0] as number), task.goal[1] - (start[1] as number));
      const bound = (0.2 * Math.SQRT2 * 100 + distance) / 2;
      expect(total).toBeLessThanOrEqual(bound);
      expect(total).toBeGreaterThan(0.94 * bound); // a few of the first and last steps are shorter
      expect(bound).toBeGreaterThan(15);
    },
  );
});
