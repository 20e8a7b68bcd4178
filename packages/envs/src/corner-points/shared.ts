import {
  type BoxSpace,
  type Environment,
  InnerloopError,
  type Random,
  type TaskDistribution,
  type TaskView,
} from '@innerloop/core';
import { z } from 'zod';
import { CORNERS, type CornerTask } from './task.js';

/** The option that chooses the reward of both environments. */
export const cornerRewardOption = z.enum(['sparse', 'dense', 'dense-squared']).default('sparse');

/** A distribution over the four corners. The task set `corners` holds all four tasks. */
export abstract class CornerDistribution implements TaskDistribution<CornerTask> {
  abstract readonly horizon: number;
  abstract readonly observationSpace: BoxSpace;
  abstract readonly actionSpace: BoxSpace;
  readonly taskSets: Readonly<Record<'corners', readonly CornerTask[]>> = { corners: CORNERS };

  /** @param name The component's, for errors. */
  constructor(private readonly name: string) {}

  sample(random: Random, count: number): CornerTask[] {
    return Array.from({ length: count }, () => CORNERS[random.integer(CORNERS.length)] as CornerTask);
  }

  /** @throws InnerloopError ENVIRONMENT_INVALID if the task is not one of the four corners. */
  create(task: CornerTask): Environment {
    assertCorner(this.name, task);
    return this.environment(task);
  }

  view(task: CornerTask): TaskView {
    return { axes: [0, 1], target: task.goal };
  }

  /** The environment of a task that was checked. */
  protected abstract environment(task: CornerTask): Environment;
}

/**
 * Checks a task of the component `name`.
 *
 * @throws InnerloopError ENVIRONMENT_INVALID unless it is `{ goal }` with one of the four corners.
 */
function assertCorner(name: string, task: CornerTask): void {
  const goal: unknown = (task as Partial<CornerTask> | null)?.goal;
  const known = CORNERS.some(
    ({ goal: [x, y] }) => Array.isArray(goal) && goal.length === 2 && goal[0] === x && goal[1] === y,
  );
  if (known) return;
  throw new InnerloopError(
    'ENVIRONMENT_INVALID',
    `A task of ${name} must be { "goal": [x, y] } with x and y each -2 or 2, found ${JSON.stringify(task)}.`,
  );
}

/** The box of all vectors within these limits of the origin. */
export function boxWithin(limits: readonly number[]): BoxSpace {
  return { kind: 'box', low: limits.map((limit) => -limit), high: [...limits] };
}

/** Uniform on [−limit, limit]. */
export function uniformWithin(random: Random, limit: number): number {
  return limit * (2 * random.uniform() - 1);
}

/** `value`, but at most `limit` away from 0. */
export function clip(value: number, limit: number): number {
  return Math.min(limit, Math.max(-limit, value));
}
