import type { Action, BoxSpace, Environment, Step } from '@innerloop/core';

/** Where a point-navigation task's goal is. */
export type PointNavigationTask = {
  /** x and y. */
  readonly goal: readonly [number, number];
};

/** What {@link PointNavigationEnvironment} needs besides its task. */
export interface PointNavigationDynamics {
  readonly observationSpace: BoxSpace;
  readonly actionSpace: BoxSpace;
  /** Longest move along each axis in one step. */
  readonly stepLimit: number;
  /** The episode terminates when the goal is nearer than this along both axes. */
  readonly goalRadius: number;
  /** Whether observations hold the goal after the position. */
  readonly observeGoal: boolean;
}

/**
 * A point in the plane that must reach a goal it cannot see unless asked for (Finn et al. 2017, section 5.3; constants of the paper's code,
 * `point_env_randgoal.py`).
 *
 * Starts at the origin. With s the position and a the action: s′ = s + clip(a, ±stepLimit) per axis; the reward is −‖s′ − g‖₂;
 * terminated when |s′ₓ − gₓ| and |s′ᵧ − gᵧ| are both below goalRadius. Nothing is random.
 */
export class PointNavigationEnvironment implements Environment {
  readonly observationSpace: BoxSpace;
  readonly actionSpace: BoxSpace;
  /** `[x, y]` or `[x, y, goalX, goalY]`. */
  private readonly observation: Float64Array;

  constructor(
    private readonly task: PointNavigationTask,
    private readonly dynamics: PointNavigationDynamics,
  ) {
    this.observationSpace = dynamics.observationSpace;
    this.actionSpace = dynamics.actionSpace;
    this.observation = Float64Array.from(dynamics.observeGoal ? [0, 0, ...task.goal] : [0, 0]);
  }

  reset(): Float64Array {
    return this.observation.fill(0, 0, 2);
  }

  step(action: Action): Step {
    const { stepLimit, goalRadius } = this.dynamics;
    const [goalX, goalY] = this.task.goal;
    const moves = action as Float32Array;
    const x = (this.observation[0] as number) + clip(moves[0] as number, stepLimit);
    const y = (this.observation[1] as number) + clip(moves[1] as number, stepLimit);
    this.observation[0] = x;
    this.observation[1] = y;
    return {
      observation: this.observation,
      reward: -Math.hypot(x - goalX, y - goalY),
      terminated: Math.abs(x - goalX) < goalRadius && Math.abs(y - goalY) < goalRadius,
      truncated: false,
    };
  }
}

function clip(value: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, value));
}
