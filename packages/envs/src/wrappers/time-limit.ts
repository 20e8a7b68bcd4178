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

const timeLimitOptions = z.strictObject({
  steps: z.int().min(1).default(1000).describe('Steps after which an episode is truncated, at least 1'),
});

/** Options of {@link TimeLimit}; any may be left out. */
export type TimeLimitOptions = z.input<typeof timeLimitOptions>;

/**
 * Truncates episodes that take too long. Unlike the horizon of a task distribution, the limit is no part of the MDP: the value
 * of the last state is bootstrapped. A limit at or above the horizon never acts, since the horizon comes first.
 */
export class TimeLimit implements Wrapper {
  readonly returns = 'episodes';
  private readonly steps: number;

  /** @throws ZodError if an option is unknown or out of range. */
  constructor(options: TimeLimitOptions = {}) {
    this.steps = timeLimitOptions.parse(options).steps;
  }

  spaces(spaces: Spaces): Spaces {
    return spaces;
  }

  wrap(environment: Environment): Environment {
    return new TimeLimitedEnvironment(environment, this.steps);
  }
}

class TimeLimitedEnvironment extends AroundEnvironment {
  private taken = 0;

  constructor(
    inner: Environment,
    private readonly limit: number,
  ) {
    super(inner);
  }

  override reset(random: Random): ArrayLike<number> {
    this.taken = 0;
    return super.reset(random);
  }

  step(action: Action): Step {
    const { observation, reward, terminated, truncated, episodeReturn } = this.inner.step(action);
    this.taken += 1;
    return { observation, reward, terminated, truncated: this.taken >= this.limit ? true : truncated, episodeReturn };
  }
}

/** `wrappers: [{ use: time-limit, steps: 50 }]` */
export const timeLimitComponent = defineComponent({
  kind: 'wrapper',
  name: 'time-limit',
  summary: 'Truncates an episode after a number of steps; the value of its last state is bootstrapped',
  choose:
    'To cut episodes of a problem that would go on, without making the cut part of the problem. The value of the ' +
    'last state is bootstrapped, so take a baseline that predicts one: with `zero` the rest counts as nothing. ' +
    'Where the deadline belongs to the problem, set the `horizon` of the tasks; the classic-control problems have a ' +
    '`timeLimit` of their own.',
  options: timeLimitOptions,
  create: (options) => new TimeLimit(options),
});
