import type { Environment, Random } from '@innerloop/core';

/*
 * What is known to do well on Bernoulli bandits, to judge what was learned by. Duan et al. (2016, arXiv:1611.02779, table 1) give mean totals of
 * 100 pulls of 5 arms whose chances are uniform on [0, 1]: random 49.9, Thompson sampling 74.7, UCB1 78.0, the Gittins index 78.3.
 */

/** What a strategy has seen of a bandit. */
export interface ArmHistory {
  /** How often each arm was pulled, `[arms]`. */
  readonly pulls: Float64Array;
  /** The sum of what each paid, `[arms]`. */
  readonly rewards: Float64Array;
  /** Pulls so far, of all arms. */
  readonly time: number;
}

/** Chooses the arm to pull next. */
export type BanditStrategy = (history: ArmHistory, random: Random) => number;

/** E max of K numbers that are uniform on [0, 1], K / (K + 1): what the best arm pays on average. */
export function expectedBestArm(arms: number): number {
  return arms / (arms + 1);
}

/** Any arm, with equal chances. */
export const randomArm: BanditStrategy = ({ pulls }, random) => random.integer(pulls.length);

/**
 * Thompson sampling for rewards of 0 and 1: draws each arm's chance from its posterior, Beta(1 + wins, 1 + losses), and pulls the best
 * (Thompson 1933).
 */
export const thompsonSampling: BanditStrategy = ({ pulls, rewards }, random) =>
  best(rewards.map((wins, arm) => betaVariate(1 + wins, 1 + (pulls[arm] as number) - wins, random)));

/**
 * UCB1 (Auer, Cesa-Bianchi and Fischer 2002): each arm once, then the highest mean + c √(2 ln t / n). Their c is 1; RL² chose c by
 * search on each problem.
 *
 * @param exploration c.
 */
export function ucb1(exploration: number): BanditStrategy {
  return ({ pulls, rewards, time }) => {
    const untried = pulls.indexOf(0);
    if (untried >= 0) return untried;
    return best(
      rewards.map((sum, arm) => {
        const n = pulls[arm] as number;
        return sum / n + exploration * Math.sqrt((2 * Math.log(time)) / n);
      }),
    );
  };
}

/**
 * Plays a bandit with a strategy; episodes that end are followed by others.
 *
 * @param total How many pulls.
 * @returns The sum of all rewards.
 */
export function playBandit(environment: Environment, strategy: BanditStrategy, total: number, random: Random): number {
  if (environment.actionSpace.kind !== 'discrete') throw new RangeError('playBandit: expected discrete actions');
  const arms = environment.actionSpace.count;
  const pulls = new Float64Array(arms);
  const rewards = new Float64Array(arms);
  let ended = true;
  for (let time = 0; time < total; time++) {
    if (ended) environment.reset(random);
    const arm = strategy({ pulls, rewards, time }, random);
    const { reward, terminated, truncated } = environment.step(arm);
    pulls[arm] = (pulls[arm] as number) + 1;
    rewards[arm] = (rewards[arm] as number) + reward;
    ended = terminated || truncated;
  }
  return rewards.reduce((sum, value) => sum + value, 0);
}

function best(scores: Float64Array): number {
  return scores.indexOf(Math.max(...scores));
}

/** Beta(a, b) as G_a / (G_a + G_b). */
function betaVariate(a: number, b: number, random: Random): number {
  const x = gammaVariate(a, random);
  return x / (x + gammaVariate(b, random));
}

/** Gamma(shape, 1) for shape ≥ 1, by rejection (Marsaglia and Tsang 2000, "A simple method for generating gamma variables"). */
function gammaVariate(shape: number, random: Random): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    // 1 − u is in (0, 1], so the logarithm is finite.
    if (Math.log(1 - random.uniform()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}
