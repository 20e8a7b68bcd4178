import type { ActionSpace, BoxSpace, Random, TaskDistribution } from '@innerloop/core';
import { type ControlDynamics, ControlEnvironment } from './environment.js';
import { assertPhysics, drawFrom, horizonBeyond } from './options.js';

/** What the tasks of a {@link VariedControl} differ in. */
export interface VariedPhysics<Task extends Record<string, number>> {
  /** The component's name, for errors. */
  readonly name: string;
  /** `[low, high]` of each number of a task, drawn in this order. */
  readonly ranges: { readonly [Quantity in keyof Task]: readonly number[] };
  /** Steps after which an episode is truncated. */
  readonly timeLimit: number;
  /** The dynamics of a task; of the standard physics without one. */
  readonly dynamics: (task?: Task) => ControlDynamics;
}

/** A classic-control problem whose physics differ from task to task and cannot be seen: each number is uniform on its range. */
export abstract class VariedControl<Task extends Record<string, number>> implements TaskDistribution<Task> {
  readonly horizon: number;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: ActionSpace;

  constructor(private readonly physics: VariedPhysics<Task>) {
    this.horizon = horizonBeyond(physics.timeLimit);
    const { observationSpace, actionSpace } = physics.dynamics();
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
  }

  sample(random: Random, count: number): Task[] {
    const ranges = Object.entries(this.physics.ranges);
    return Array.from(
      { length: count },
      () => Object.fromEntries(ranges.map(([quantity, range]) => [quantity, drawFrom(random, range)])) as Task,
    );
  }

  /** @throws InnerloopError ENVIRONMENT_INVALID unless every number of the task is finite and above 0. */
  create(task: Task): ControlEnvironment {
    const { name, ranges, dynamics, timeLimit } = this.physics;
    assertPhysics(name, task, Object.keys(ranges));
    return new ControlEnvironment(dynamics(task), timeLimit);
  }
}
