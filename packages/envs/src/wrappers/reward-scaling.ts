import { type Action, defineComponent, type Environment, type Spaces, type Step, type Wrapper } from '@innerloop/core';
import { z } from 'zod';
import { AroundEnvironment } from './around.js';

const rewardScalingOptions = z.strictObject({
  factor: z
    .number()
    .positive()
    .default(0.1)
    .describe('What each reward is multiplied by, above 0; usually such that discounted returns are between 1 and 100'),
  shift: z
    .number()
    .default(0)
    .describe(
      'Is added to each reward before, any number, usually 0. Below 0 a step costs something, which favours short episodes',
    ),
});

/** Options of {@link RewardScaling}; any may be left out. */
export type RewardScalingOptions = z.input<typeof rewardScalingOptions>;

/**
 * Gives the learner `factor · (reward + shift)`. A factor changes no optimal policy; a shift may, where episodes can end sooner or later.
 *
 * Metrics and evaluations then report scaled returns, unless `episode-statistics` comes before it.
 */
export class RewardScaling implements Wrapper {
  readonly returns = 'rewards';
  private readonly factor: number;
  private readonly shift: number;

  /** @throws ZodError if an option is unknown or out of range. */
  constructor(options: RewardScalingOptions = {}) {
    ({ factor: this.factor, shift: this.shift } = rewardScalingOptions.parse(options));
  }

  spaces(spaces: Spaces): Spaces {
    return spaces;
  }

  wrap(environment: Environment): Environment {
    return new RewardScaledEnvironment(environment, this.factor, this.shift);
  }
}

class RewardScaledEnvironment extends AroundEnvironment {
  constructor(
    inner: Environment,
    private readonly factor: number,
    private readonly shift: number,
  ) {
    super(inner);
  }

  step(action: Action): Step {
    const { observation, reward, terminated, truncated, episodeReturn } = this.inner.step(action);
    return { observation, reward: this.factor * (reward + this.shift), terminated, truncated, episodeReturn };
  }
}

/** `wrappers: [{ use: reward-scaling, factor: 0.01 }]` */
export const rewardScalingComponent = defineComponent({
  kind: 'wrapper',
  name: 'reward-scaling',
  summary: 'Multiplies rewards by a factor',
  choose:
    'With `normalize: false` or `normalizeReturns: false`, where the unit of the reward reaches the learner, or for ' +
    'a `shift`, which changes what is optimal where episodes can end early. With the defaults a factor matters ' +
    'little, since advantages and the targets of `mlp-value` are normalised. Put `episode-statistics` before it, so ' +
    'that returns stay comparable.',
  options: rewardScalingOptions,
  create: (options) => new RewardScaling(options),
});
