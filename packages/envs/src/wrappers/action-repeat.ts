import { type Action, defineComponent, type Environment, type Spaces, type Step, type Wrapper } from '@innerloop/core';
import { z } from 'zod';
import { AroundEnvironment } from './around.js';

const actionRepeatOptions = z.strictObject({
  times: z
    .int()
    .min(1)
    .default(4)
    .describe('Steps of the environment for each action, at least 1; usually 2 to 8. The discount is then per action'),
});

/** Options of {@link ActionRepeat}; any may be left out. */
export type ActionRepeatOptions = z.input<typeof actionRepeatOptions>;

/**
 * Takes each action several times in a row and shows the policy the last observation and the sum of the rewards; an episode that ends on the way
 * ends there. Noise that lasts explores further: n independent pushes go √n far, n equal ones n.
 *
 * Steps, in metrics and in `stepsPerIteration`, are then those of the policy: the environment takes up to `times` as many. A limit of the
 * environment itself still counts its own steps.
 */
export class ActionRepeat implements Wrapper {
  private readonly times: number;

  /** @throws ZodError if an option is unknown or out of range. */
  constructor(options: ActionRepeatOptions = {}) {
    this.times = actionRepeatOptions.parse(options).times;
  }

  spaces(spaces: Spaces): Spaces {
    return spaces;
  }

  wrap(environment: Environment): Environment {
    return new RepeatedEnvironment(environment, this.times);
  }
}

class RepeatedEnvironment extends AroundEnvironment {
  constructor(
    inner: Environment,
    private readonly times: number,
  ) {
    super(inner);
  }

  step(action: Action): Step {
    let step = this.inner.step(action);
    let reward = step.reward;
    for (let taken = 1; taken < this.times && !step.terminated && !step.truncated; taken++) {
      step = this.inner.step(action);
      reward += step.reward;
    }
    const { observation, terminated, truncated, episodeReturn } = step;
    return { observation, reward, terminated, truncated, episodeReturn };
  }
}

/** `wrappers: [{ use: action-repeat, times: 4 }]` */
export const actionRepeatComponent = defineComponent({
  kind: 'wrapper',
  name: 'action-repeat',
  summary: 'Takes each action several times in a row and adds up the rewards',
  choose:
    'Where rewards are sparse and independent noise does not get far: n equal pushes go n far, n independent ones ' +
    '√n; the configs of the mountain cars take it. Control gets coarser, and steps in metrics are those of the ' +
    'policy, of which each is up to `times` steps of the environment. Leave it out where rewards are dense.',
  options: actionRepeatOptions,
  create: (options) => new ActionRepeat(options),
});
