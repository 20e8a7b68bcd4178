import {
  type Action,
  type Actor,
  collectTrajectories,
  type Environment,
  type Json,
  type Random,
  randomStream,
  type Step,
  type TaskDistribution,
} from '../../src/index.js';

/** Steps of the longest episode: more than the recorder has room for at first, so that it must grow. */
export const HORIZON = 300;

/** How an episode of the counting environment goes; one plan an episode, in the order of creation. */
export interface Plan {
  readonly length: number;
  readonly end: 'terminated' | 'truncated' | 'both' | 'never';
  /** Replaces what the environment returns at one step. */
  readonly sabotage?: { readonly at: number; readonly step: unknown };
}

const BOX = { kind: 'box', low: [-1, -1], high: [1, 1] } as const;

/** Observation `[episode, steps taken]`; the reward of step t of episode e is 1000 e + t. */
export function counting(plans: readonly Plan[], actionSpace: TaskDistribution['actionSpace'] = BOX) {
  const received: Action[][] = plans.map(() => []);
  let created = 0;
  const distribution: TaskDistribution = {
    horizon: HORIZON,
    observationSpace: { kind: 'box', low: [0, 0], high: [9, 999] },
    actionSpace,
    sample: (_random, count) => new Array<Json>(count).fill({ id: 7 }),
    create(): Environment {
      const episode = created++;
      const plan = plans[episode] as Plan;
      const observation = Float32Array.of(episode, 0); // one buffer, reused
      let t = 0;
      return {
        observationSpace: this.observationSpace,
        actionSpace,
        reset: () => observation,
        step(action) {
          received[episode]?.push(typeof action === 'number' ? action : action.slice());
          const reward = 1000 * episode + t;
          t += 1;
          observation[1] = t;
          if (plan.sabotage?.at === t - 1) {
            if (plan.sabotage.step instanceof Error) throw plan.sabotage.step;
            return plan.sabotage.step as Step;
          }
          const last = t === plan.length;
          return {
            observation,
            reward,
            terminated: last && (plan.end === 'terminated' || plan.end === 'both'),
            truncated: last && (plan.end === 'truncated' || plan.end === 'both'),
          };
        },
      };
    },
  };
  return { distribution, received };
}

/** Action `[observation · 1, uniform noise]` with log-probability −noise; the mode has noise 0. */
export const noisyActor: Actor = {
  act(observations, count, randoms, actions, logProbabilities) {
    for (let i = 0; i < count; i++) {
      const noise = randoms ? (randoms[i] as Random).uniform() : 0;
      actions[2 * i] = (observations[2 * i] as number) + 10 * (observations[2 * i + 1] as number);
      actions[2 * i + 1] = noise;
      logProbabilities[i] = -noise;
    }
  },
};

/** The random stream of each rollout. */
export const streams = (count: number) =>
  Array.from({ length: count }, (_, rollout) => randomStream({ seed: 3, purpose: 'user', rollout }));

/** One episode for each plan, by the noisy actor. */
export function collect(plans: readonly Plan[], greedy = false) {
  const { distribution, received } = counting(plans);
  const trajectories = collectTrajectories({
    distribution,
    task: { id: 7 },
    actor: noisyActor,
    rollouts: plans.length,
    randoms: streams(plans.length),
    observationSize: 2,
    actionSize: 2,
    greedy,
  });
  return { trajectories, received };
}
