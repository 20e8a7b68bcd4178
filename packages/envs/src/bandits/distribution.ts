import {
  type BoxSpace,
  type DiscreteSpace,
  defineComponent,
  InnerloopError,
  type Random,
  type TaskDistribution,
} from '@innerloop/core';
import { z } from 'zod';
import { BanditEnvironment, type BanditTask, type RewardNoise } from './environment.js';

const banditOptions = z
  .strictObject({
    arms: z.int().min(2).max(10_000).default(5).describe('K: how many arms there are, at least 2'),
    protocol: z
      .enum(['one-pull', 'rl2'])
      .default('one-pull')
      .describe(
        'one-pull: an episode is one pull and the observation is 0; rl2: an episode is several pulls, and the previous action ' +
          '(one-hot) and reward are observed',
      ),
    pulls: z.int().min(1).default(1).describe('Pulls in an episode: 1 with one-pull, at least 2 with rl2'),
  })
  .refine(({ protocol, pulls }) => (protocol === 'one-pull' ? pulls === 1 : pulls >= 2), {
    path: ['pulls'],
    message: "1 with protocol 'one-pull', a whole number of at least 2 with 'rl2'",
  });

/** Options of {@link Bandit}; any may be left out, but `rl2` needs `pulls`. */
export type BanditOptions = z.input<typeof banditOptions>;

/**
 * Bandits whose arms have means uniform on [0, 1] (Duan et al. 2016, arXiv:1611.02779, section 3.1): one task for each vector of means.
 * The best arm's mean is K / (K + 1) in expectation.
 */
export class Bandit implements TaskDistribution<BanditTask> {
  readonly horizon: number;
  readonly observationSpace: BoxSpace;
  readonly actionSpace: DiscreteSpace;
  private readonly options: z.output<typeof banditOptions>;

  /** @throws ZodError if an option is unknown, out of range, or `pulls` does not fit `protocol`. */
  constructor(
    private readonly noise: RewardNoise,
    options: BanditOptions = {},
  ) {
    this.options = banditOptions.parse(options);
    const { arms, pulls, protocol } = this.options;
    this.horizon = pulls;
    this.actionSpace = { kind: 'discrete', count: arms };
    this.observationSpace = protocol === 'one-pull' ? { kind: 'box', low: [0], high: [0] } : previous(arms, noise);
  }

  sample(random: Random, count: number): BanditTask[] {
    const { arms } = this.options;
    return Array.from({ length: count }, () => ({ means: Array.from({ length: arms }, () => random.uniform()) }));
  }

  /** @throws InnerloopError ENVIRONMENT_INVALID if the task does not have as many means as there are arms, from 0 to 1 for Bernoulli arms. */
  create(task: BanditTask): BanditEnvironment {
    const { arms, pulls, protocol } = this.options;
    const means: unknown = (task as Partial<BanditTask> | null)?.means;
    const fits = (mean: unknown) =>
      Number.isFinite(mean) && (this.noise === 'gaussian' || ((mean as number) >= 0 && (mean as number) <= 1));
    if (!Array.isArray(means) || means.length !== arms || !means.every(fits)) {
      const range = this.noise === 'gaussian' ? 'finite numbers' : 'numbers from 0 to 1';
      throw new InnerloopError(
        'ENVIRONMENT_INVALID',
        `A task of ${this.noise}-bandit must be { "means": [...] } with ${arms} ${range}, found ${JSON.stringify(task)}.`,
      );
    }
    const { observationSpace, actionSpace, noise } = this;
    const observePrevious = protocol === 'rl2';
    return new BanditEnvironment(task, { observationSpace, actionSpace, noise, pulls, observePrevious });
  }
}

/** The previous action as one-hot, and the previous reward. */
function previous(arms: number, noise: RewardNoise): BoxSpace {
  const [lowest, highest] = noise === 'bernoulli' ? [0, 1] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return {
    kind: 'box',
    low: [...new Array<number>(arms).fill(0), lowest as number],
    high: [...new Array<number>(arms).fill(1), highest as number],
  };
}

/** `tasks: { use: bernoulli-bandit }` */
export const bernoulliBanditComponent = defineComponent({
  kind: 'tasks',
  name: 'bernoulli-bandit',
  summary: 'Arms that pay 0 or 1; the chances of a 1 are uniform on [0, 1] and differ from task to task',
  choose:
    'For exploring against exploiting in the smallest form (`categorical-mlp`), with UCB1, Thompson sampling and ' +
    'published figures to compare with. Keep `protocol: one-pull` for policies that adapt: `rl2` is for policies ' +
    'with a memory, and no built-in policy has one. Set `score: total` under `evaluation`, since all pulls count ' +
    'and not the last ones alone.',
  options: banditOptions,
  create: (options) => new Bandit('bernoulli', options),
});

/** `tasks: { use: gaussian-bandit }` */
export const gaussianBanditComponent = defineComponent({
  kind: 'tasks',
  name: 'gaussian-bandit',
  summary: 'Arms that pay normal rewards of deviation 1; means are uniform on [0, 1] and differ from task to task',
  choose:
    "As `bernoulli-bandit`, but a reward's deviation of 1 is as large as the whole range of the means, so a batch " +
    'of pulls tells less. Begin with `bernoulli-bandit`, which has published figures beside it.',
  options: banditOptions,
  create: (options) => new Bandit('gaussian', options),
});
