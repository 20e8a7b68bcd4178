import { describe, expect, it } from 'vitest';
import { CORNERS, type CornerTask, PointMomentum } from '../src/index.js';
import { type Controller, numbers, play, stream, sum } from './support/points.js';

describe('point-momentum', () => {
  const tasks = new PointMomentum();

  /** The largest next velocity from which braking by 0.1 a step still comes to rest within this distance. */
  function brakingVelocity(distance: number): number {
    const d = Math.abs(distance);
    for (let n = 1; ; n++) {
      // v + (v − 0.1) + … over n steps is n v − 0.1 n (n − 1) / 2.
      const v = (d + (0.1 * n * (n - 1)) / 2) / n;
      if (v <= 0.1 * n) return Math.sign(distance) * v;
    }
  }
  const brake =
    ({ goal }: CornerTask): Controller =>
    (observation) =>
      [0, 1].map((d) => {
        const left = (goal[d as 0 | 1] as number) - (observation[d] as number);
        return brakingVelocity(left) - (observation[2 + d] as number);
      }) as [number, number];

  it('adds the push to the velocity, and the velocity to the position', () => {
    const environment = tasks.create({ goal: [2, 2] });
    const [x, y, vx, vy] = numbers(environment.reset(stream(5))) as [number, number, number, number];
    expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThanOrEqual(0.2);
    expect(Math.max(Math.abs(vx), Math.abs(vy))).toBeLessThanOrEqual(0.1);
    environment.step(Float32Array.of(3, -0.05)); // clipped to 0.1
    const step = environment.step(Float32Array.of(0, -0.05));
    expect(step.observation).toBeAllClose([x + 2 * vx + 0.2, y + 2 * vy - 0.15, vx + 0.1, vy - 0.1], {
      rtol: 0,
      atol: 1e-7,
    });
    expect([step.terminated, step.truncated]).toEqual([false, false]);
  });

  it.each([
    ['sparse', ([x, y]: number[]) => Math.max(2 - Math.hypot(2 - (x as number), -2 - (y as number)), 0)],
    ['dense', ([x, y]: number[]) => -Math.hypot(2 - (x as number), -2 - (y as number))],
    ['dense-squared', ([x, y]: number[]) => -((2 - (x as number)) ** 2 + (-2 - (y as number)) ** 2)],
  ] as const)('pays the %s reward of where it is', (reward, expected) => {
    const environment = new PointMomentum({ reward }).create({ goal: [2, -2] });
    environment.reset(stream(6));
    const paid = Array.from({ length: 12 }, () => {
      const step = environment.step(Float32Array.of(0.05, -0.04));
      return { reward: step.reward, expected: expected([...numbers(step.observation)]) };
    });
    expect(paid.map((step) => step.reward)).toBeAllClose(
      paid.map((step) => step.expected),
      { rtol: 1e-12 },
    );
    expect(paid.some((step) => step.reward !== 0)).toBe(true);
  });

  /*
   * No policy is nearer to the goal along an axis after t steps than one that pushes towards it all the time and need not brake: it has moved
   * v_0 t + 0.1 t (t + 1) / 2. That bounds the return in closed form; pushing as long as one can still brake comes within 2 % of it.
   */
  it.each(CORNERS)('sparse: pushing, then braking, to %j comes near a bound in closed form', (task) => {
    const { start, total, end } = play(tasks.create(task), tasks.horizon, brake(task));
    const left = (d: number, t: number) => {
      const sign = Math.sign(task.goal[d as 0 | 1] as number);
      const moved = sign * (start[2 + d] as number) * t + (0.1 * t * (t + 1)) / 2;
      return Math.max(2 - sign * (start[d] as number) - moved, 0);
    };
    const bound = sum(
      Array.from({ length: 200 }, (_, t) => Math.max(2 - Math.hypot(left(0, t + 1), left(1, t + 1)), 0)),
    );
    expect(total).toBeLessThanOrEqual(bound);
    expect(total).toBeGreaterThan(0.98 * bound);
    expect(bound).toBeGreaterThan(380); // 200 steps of 2, less 6 or so on the way
    expect(end).toBeAllClose([...task.goal, 0, 0], { rtol: 0, atol: 1e-6 });
  });
});
