import { type BoxSpace, defineComponent } from '@innerloop/core';
import { z } from 'zod';
import { CORNER_START, CORNER_STEP, PointCornerEnvironment } from './point-corner-environment.js';
import { boxWithin, CornerDistribution, cornerRewardOption } from './shared.js';
import type { CornerTask } from './task.js';

const pointCornerOptions = z.strictObject({
  reward: cornerRewardOption.describe(
    'sparse: progress towards the goal, only where it is the nearest corner; dense: minus the distance; dense-squared: minus its square',
  ),
  sparseRadius: z
    .number()
    .min(0)
    .default(0.5)
    .describe('The sparse reward is 0 where |x| + |y| is below this, at least 0'),
  horizon: z.int().min(1).default(100).describe('H: steps after which an episode ends, at least 1'),
});

/** Options of {@link PointCorner}; any may be left out. */
export type PointCornerOptions = z.input<typeof pointCornerOptions>;

/**
 * A point that must reach one of four corners, and with the sparse reward must leave the middle to learn which; see
 * {@link PointCornerEnvironment}. The task set `corners` holds all four tasks.
 */
export class PointCorner extends CornerDistribution {
  readonly horizon: number;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: BoxSpace = boxWithin([CORNER_STEP, CORNER_STEP]);
  private readonly options: z.output<typeof pointCornerOptions>;

  /** @throws ZodError if an option is unknown or out of range. */
  constructor(options: PointCornerOptions = {}) {
    super('point-corner');
    this.options = pointCornerOptions.parse(options);
    this.horizon = this.options.horizon;
    const furthest = CORNER_START + this.horizon * CORNER_STEP;
    this.observationSpace = boxWithin([furthest, furthest]);
  }

  protected environment(task: CornerTask): PointCornerEnvironment {
    const { observationSpace, actionSpace } = this;
    const { reward, sparseRadius } = this.options;
    return new PointCornerEnvironment(task, { observationSpace, actionSpace, reward, sparseRadius });
  }
}

/** `tasks: { use: point-corner }` */
export const pointCornerComponent = defineComponent({
  kind: 'tasks',
  name: 'point-corner',
  summary: 'A point in the plane whose goal is one of four corners, with rewards only on the way to the right one',
  choose:
    'For exploration in meta-learning: with `reward: sparse` a policy must leave the middle to learn which corner ' +
    'pays. That reward can be exploited by going to and fro over the edge of the middle: a return of 3 or more says ' +
    'so, and not that the goal was reached better. For the same points without exploration set `reward: dense`.',
  options: pointCornerOptions,
  create: (options) => new PointCorner(options),
});
