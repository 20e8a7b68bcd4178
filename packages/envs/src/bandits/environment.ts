import type { Action, BoxSpace, DiscreteSpace, Environment, Random, Step } from '@innerloop/core';

/** How each arm pays. */
export type BanditTask = {
  /** Mean reward of each arm, `[arms]`. */
  readonly means: readonly number[];
};

/** How a reward follows from its mean: 0 or 1 with that probability, or normal around it with standard deviation 1. */
export type RewardNoise = 'bernoulli' | 'gaussian';

/** What {@link BanditEnvironment} needs besides its task. */
export interface BanditDynamics {
  readonly observationSpace: BoxSpace;
  readonly actionSpace: DiscreteSpace;
  readonly noise: RewardNoise;
  /** Pulls until the episode terminates. */
  readonly pulls: number;
  /** Whether observations hold the previous action and reward. */
  readonly observePrevious: boolean;
}

/**
 * A row of arms. Pulling one pays a random reward and changes nothing. The observation is `[0]`, or `[arms + 1]`: the previous action as one-hot,
 * then the previous reward, all zero at the start (Duan et al. 2016, "RL²: Fast reinforcement learning via slow reinforcement learning",
 * arXiv:1611.02779, section 3.1). Terminates after the last pull.
 */
export class BanditEnvironment implements Environment {
  readonly observationSpace: BoxSpace;
  readonly actionSpace: DiscreteSpace;
  private readonly observation: Float64Array;
  private random: Random | undefined;
  private pulled = 0;

  constructor(
    private readonly task: BanditTask,
    private readonly dynamics: BanditDynamics,
  ) {
    this.observationSpace = dynamics.observationSpace;
    this.actionSpace = dynamics.actionSpace;
    this.observation = new Float64Array(dynamics.observationSpace.low.length);
  }

  reset(random: Random): Float64Array {
    this.random = random;
    this.pulled = 0;
    return this.observation.fill(0);
  }

  step(action: Action): Step {
    const { means } = this.task;
    const { pulls, observePrevious } = this.dynamics;
    const arm = action as number;
    const reward = this.draw(means[arm] as number);
    this.pulled += 1;
    if (observePrevious) {
      this.observation.fill(0);
      this.observation[arm] = 1;
      this.observation[means.length] = reward;
    }
    return { observation: this.observation, reward, terminated: this.pulled >= pulls, truncated: false };
  }

  private draw(mean: number): number {
    const random = this.random as Random;
    if (this.dynamics.noise === 'gaussian') return mean + random.normal();
    return random.uniform() < mean ? 1 : 0;
  }
}
