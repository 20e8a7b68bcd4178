import { type BoxSpace, defineComponent } from '@innerloop/core';
import { z } from 'zod';
import {
  MOMENTUM_START,
  MOMENTUM_START_VELOCITY,
  MOMENTUM_STEP,
  PointMomentumEnvironment,
} from './point-momentum-environment.js';
import { boxWithin, CornerDistribution, cornerRewardOption } from './shared.js';
import type { CornerTask } from './task.js';

const pointMomentumOptions = z.strictObject({
  reward: cornerRewardOption.describe(
    'sparse: by how much the goal is nearer than sparseRadius, else 0; dense: minus the distance; dense-squared: minus its square',
  ),
  sparseRadius: z
    .number()
    .positive()
    .default(2)
    .describe('The sparse reward is paid within this distance of the goal, above 0'),
  horizon: z.int().min(1).default(200).describe('H: steps after which an episode ends, at least 1'),
});

/** Options of {@link PointMomentum}; any may be left out. */
export type PointMomentumOptions = z.input<typeof pointMomentumOptions>;

/**
 * A point with momentum that must come to rest in one of four corners; see {@link PointMomentumEnvironment}. The task set `corners`
 * holds all four tasks.
 */
export class PointMomentum extends CornerDistribution {
  readonly horizon: number;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: BoxSpace = boxWithin([MOMENTUM_STEP, MOMENTUM_STEP]);
  private readonly options: z.output<typeof pointMomentumOptions>;

  /** @throws ZodError if an option is unknown or out of range. */
  constructor(options: PointMomentumOptions = {}) {
    super('point-momentum');
    this.options = pointMomentumOptions.parse(options);
    const H = this.options.horizon;
    this.horizon = H;
    // Pushed the same way at every step: v_t = v_0 + 0.1 t, and s_H = s_0 + Σ v_t.
    const fastest = MOMENTUM_START_VELOCITY + H * MOMENTUM_STEP;
    const furthest = MOMENTUM_START + H * MOMENTUM_START_VELOCITY + ((H * (H + 1)) / 2) * MOMENTUM_STEP;
    this.observationSpace = boxWithin([furthest, furthest, fastest, fastest]);
  }

  protected environment(task: CornerTask): PointMomentumEnvironment {
    const { observationSpace, actionSpace } = this;
    const { reward, sparseRadius } = this.options;
    return new PointMomentumEnvironment(task, { observationSpace, actionSpace, reward, sparseRadius });
  }
}

/** `tasks: { use: point-momentum }` */
export const pointMomentumComponent = defineComponent({
  kind: 'tasks',
  name: 'point-momentum',
  summary: 'A point that is pushed, and whose goal is one of four corners',
  choose:
    'As `point-corner`, for a point that must also brake, over twice as many steps. Its sparse reward leaves next ' +
    'to nothing to exploit: braking in time earns within 2 % of the most possible. For a first experiment take ' +
    '`point-navigation`.',
  options: pointMomentumOptions,
  create: (options) => new PointMomentum(options),
});
