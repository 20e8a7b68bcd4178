import type { Action, BoxSpace, Environment, Random, Step } from '@innerloop/core';
import { clip, uniformWithin } from './shared.js';
import type { CornerReward, CornerTask } from './task.js';

/** Largest change of the velocity along each axis in one step. */
export const MOMENTUM_STEP = 0.1;
/** Half the range that each coordinate of the start is uniform on. */
export const MOMENTUM_START = 0.2;
/** Half the range that each component of the first velocity is uniform on. */
export const MOMENTUM_START_VELOCITY = 0.1;

/** What {@link PointMomentumEnvironment} needs besides its task. */
export interface PointMomentumDynamics {
  readonly observationSpace: BoxSpace;
  readonly actionSpace: BoxSpace;
  readonly reward: CornerReward;
  /** The sparse reward is paid within this distance of the goal. */
  readonly sparseRadius: number;
}

/**
 * A point that is pushed, with a goal in one of four corners (Rothfuss et al. 2019, arXiv:1810.06784; constants of its code,
 * `point_env_2d_momentum.py`). The observation is position and velocity, `[x, y, vx, vy]`.
 *
 * Starts uniform on [−0.2, 0.2]² with a velocity uniform on [−0.1, 0.1]²; v′ = v + clip(a, ±0.1) per axis, s′ = s + v′. With d = ‖s′ − g‖ the sparse
 * reward is max(sparseRadius − d, 0). Never terminates.
 */
export class PointMomentumEnvironment implements Environment {
  readonly observationSpace: BoxSpace;
  readonly actionSpace: BoxSpace;
  /** `[x, y, vx, vy]`. */
  private readonly state = new Float64Array(4);

  constructor(
    private readonly task: CornerTask,
    private readonly dynamics: PointMomentumDynamics,
  ) {
    this.observationSpace = dynamics.observationSpace;
    this.actionSpace = dynamics.actionSpace;
  }

  reset(random: Random): Float64Array {
    for (let d = 0; d < 2; d++) this.state[d] = uniformWithin(random, MOMENTUM_START);
    for (let d = 2; d < 4; d++) this.state[d] = uniformWithin(random, MOMENTUM_START_VELOCITY);
    return this.state;
  }

  step(action: Action): Step {
    const pushes = action as Float32Array;
    for (let d = 0; d < 2; d++) {
      const velocity = (this.state[2 + d] as number) + clip(pushes[d] as number, MOMENTUM_STEP);
      this.state[2 + d] = velocity;
      this.state[d] = (this.state[d] as number) + velocity;
    }
    return { observation: this.state, reward: this.reward(), terminated: false, truncated: false };
  }

  private reward(): number {
    const { reward, sparseRadius } = this.dynamics;
    const [x, y] = this.task.goal;
    const distance = Math.hypot((this.state[0] as number) - x, (this.state[1] as number) - y);
    if (reward === 'dense') return -distance;
    return reward === 'dense-squared' ? -(distance ** 2) : Math.max(sparseRadius - distance, 0);
  }
}
