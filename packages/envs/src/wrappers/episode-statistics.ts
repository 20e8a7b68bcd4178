import {
  type Action,
  defineComponent,
  type Environment,
  type Random,
  type Spaces,
  type Step,
  type Wrapper,
} from '@innerloop/core';
import { z } from 'zod';
import { AroundEnvironment } from './around.js';

/**
 * Keeps account of the undiscounted return of each episode as it is here (`Step.episodeReturn`). Metrics and evaluations then report these returns,
 * in the environment's own unit, whatever wrappers after this one make of the rewards. A wrapper nearer to the environment is counted in.
 */
export class EpisodeStatistics implements Wrapper {
  readonly returns = 'kept';
  spaces(spaces: Spaces): Spaces {
    return spaces;
  }

  wrap(environment: Environment): Environment {
    return new CountedEnvironment(environment);
  }
}

class CountedEnvironment extends AroundEnvironment {
  private total = 0;

  override reset(random: Random): ArrayLike<number> {
    this.total = 0;
    return super.reset(random);
  }

  step(action: Action): Step {
    const { observation, reward, terminated, truncated } = this.inner.step(action);
    this.total += reward;
    return { observation, reward, terminated, truncated, episodeReturn: this.total };
  }
}

/** `wrappers: [{ use: episode-statistics }, { use: reward-scaling }]` */
export const episodeStatisticsComponent = defineComponent({
  kind: 'wrapper',
  name: 'episode-statistics',
  summary: 'Reports returns as they are at its place among the wrappers; put it before those that change rewards',
  choose:
    'Before wrappers that change rewards, such as `reward-scaling`: metrics and evaluations then keep the unit of ' +
    'the environment. Without such a wrapper it changes nothing.',
  options: z.strictObject({}),
  create: () => new EpisodeStatistics(),
});
