import {
  type Actor,
  collectTrajectories,
  type Json,
  joinTrajectories,
  type Policy,
  type Random,
  type TaskDistribution,
  type Trajectories,
} from '@innerloop/core';

/** How much to collect of a task: at least so many steps in whole episodes, or so many episodes. */
export type Amount = { readonly steps: number } | { readonly episodes: number };

/** What to collect from. */
export interface CollectionRequest {
  readonly distribution: TaskDistribution;
  readonly task: Json;
  readonly actor: Actor;
  readonly policy: Pick<Policy, 'actionSize'>;
  readonly amount: Amount;
  /** The stream of episode e, from 0. */
  readonly random: (episode: number) => Random;
}

/**
 * Collects whole episodes of one task until there are enough.
 *
 * The episodes are exactly those that one would get by running them one after the other until their steps suffice, so no episode is left out
 * for being long. Still they run in lock step, as many at a time as must be needed whatever their lengths: an episode has at most H steps, so
 * ⌈missing / H⌉ more are needed at least.
 *
 * @throws InnerloopError as `collectTrajectories` does.
 */
export function collectEpisodes(request: CollectionRequest): Trajectories {
  const { distribution, task, actor, policy, amount, random } = request;
  const waves: Trajectories[] = [];
  let [episodes, steps] = [0, 0];
  const missing = () =>
    'episodes' in amount ? amount.episodes - episodes : Math.ceil((amount.steps - steps) / distribution.horizon);
  for (let count = missing(); count > 0; count = missing()) {
    const first = episodes;
    const wave = collectTrajectories({
      distribution,
      task,
      actor,
      rollouts: count,
      randoms: Array.from({ length: count }, (_, e) => random(first + e)),
      observationSize: distribution.observationSpace.low.length,
      actionSize: policy.actionSize,
    });
    waves.push(wave);
    episodes += count;
    steps += wave.rewards.length;
  }
  return joinTrajectories(waves);
}
