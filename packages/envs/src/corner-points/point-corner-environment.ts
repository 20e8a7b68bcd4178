import type { Action, BoxSpace, Environment, Random, Step } from '@innerloop/core';
import { clip, uniformWithin } from './shared.js';
import { CORNERS, type CornerReward, type CornerTask } from './task.js';

/** Longest move along each axis in one step. */
export const CORNER_STEP = 0.2;
/** Half the range that each coordinate of the start is uniform on. */
export const CORNER_START = 0.2;

/** What {@link PointCornerEnvironment} needs besides its task. */
export interface PointCornerDynamics {
  readonly observationSpace: BoxSpace;
  readonly actionSpace: BoxSpace;
  readonly reward: CornerReward;
  /** The sparse reward is 0 where |x| + |y| is below this. */
  readonly sparseRadius: number;
}

/**
 * A point in the plane and a goal in one of four corners (Rothfuss et al. 2019, "ProMP: Proximal meta-policy search", arXiv:1810.06784;
 * constants of its code, `point_env_2d_corner.py`). The observation is the position s.
 *
 * Starts uniform on [−0.2, 0.2]²; s′ = s + clip(a, ±0.2) per axis. The sparse reward is 0 within |x′| + |y′| < sparseRadius; elsewhere it is the
 * progress ‖s − g‖ − ‖s′ − g‖ if the goal is the corner nearest to s′, else 0. Never terminates.
 */
export class PointCornerEnvironment implements Environment {
  readonly observationSpace: BoxSpace;
  readonly actionSpace: BoxSpace;
  private readonly position = new Float64Array(2);

  constructor(
    private readonly task: CornerTask,
    private readonly dynamics: PointCornerDynamics,
  ) {
    this.observationSpace = dynamics.observationSpace;
    this.actionSpace = dynamics.actionSpace;
  }

  reset(random: Random): Float64Array {
    for (let d = 0; d < 2; d++) this.position[d] = uniformWithin(random, CORNER_START);
    return this.position;
  }

  step(action: Action): Step {
    const moves = action as Float32Array;
    const before = this.distance(this.task);
    for (let d = 0; d < 2; d++) this.position[d] = (this.position[d] as number) + clip(moves[d] as number, CORNER_STEP);
    const reward = this.reward(before, this.distance(this.task));
    return { observation: this.position, reward, terminated: false, truncated: false };
  }

  private reward(before: number, after: number): number {
    const { reward, sparseRadius } = this.dynamics;
    if (reward === 'dense') return -after;
    if (reward === 'dense-squared') return -(after ** 2);
    const [x, y] = this.position as unknown as [number, number];
    if (Math.abs(x) + Math.abs(y) < sparseRadius) return 0;
    return CORNERS.every((corner) => after <= this.distance(corner)) ? before - after : 0;
  }

  private distance({ goal: [x, y] }: CornerTask): number {
    return Math.hypot((this.position[0] as number) - x, (this.position[1] as number) - y);
  }
}
