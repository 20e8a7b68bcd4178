import { describe, expect, it } from 'vitest';
import {
  type Action,
  type Actor,
  collectTrajectories,
  type Environment,
  episodeReturns,
  type Json,
  joinTrajectories,
  meanReturn,
  type Random,
  randomStream,
  type Step,
  type TaskDistribution,
} from '../src/index.js';

const HORIZON = 300; // more than the recorder has room for at first, so that it must grow

/** How an episode of the counting environment goes; one plan an episode, in the order of creation. */
interface Plan {
  readonly length: number;
  readonly end: 'terminated' | 'truncated' | 'both' | 'never';
  /** Replaces what the environment returns at one step. */
  readonly sabotage?: { readonly at: number; readonly step: unknown };
}

const BOX = { kind: 'box', low: [-1, -1], high: [1, 1] } as const;

/** Observation `[episode, steps taken]`; the reward of step t of episode e is 1000 e + t. */
function counting(plans: readonly Plan[], actionSpace: TaskDistribution['actionSpace'] = BOX) {
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
const noisyActor: Actor = {
  act(observations, count, randoms, actions, logProbabilities) {
    for (let i = 0; i < count; i++) {
      const noise = randoms ? (randoms[i] as Random).uniform() : 0;
      actions[2 * i] = (observations[2 * i] as number) + 10 * (observations[2 * i + 1] as number);
      actions[2 * i + 1] = noise;
      logProbabilities[i] = -noise;
    }
  },
};

const streams = (count: number) =>
  Array.from({ length: count }, (_, rollout) => randomStream({ seed: 3, purpose: 'user', rollout }));

function collect(plans: readonly Plan[], greedy = false) {
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

const PLANS: readonly Plan[] = [
  { length: 3, end: 'terminated' },
  { length: HORIZON + 1, end: 'never' },
  { length: 1, end: 'truncated' },
  { length: 140, end: 'both' },
  { length: HORIZON, end: 'terminated' },
  { length: HORIZON, end: 'truncated' },
];
const LENGTHS = [3, HORIZON, 1, 140, HORIZON, HORIZON];

describe('collectTrajectories', () => {
  it('says why each episode ended; terminated wins, then the horizon', () => {
    const { trajectories } = collect(PLANS);
    expect(trajectories.ends).toEqual(['terminated', 'horizon', 'truncated', 'terminated', 'terminated', 'horizon']);
  });

  it('packs episodes of different lengths one after another', () => {
    const { trajectories, received } = collect(PLANS);
    // 3, 300, 1, 140, 300, 300
    expect([...trajectories.offsets]).toEqual([0, 3, 303, 304, 444, 744, 1044]);
    LENGTHS.forEach((length, e) => {
      expect(received[e]).toHaveLength(length);
      const random = streams(PLANS.length)[e] as Random;
      for (let t = 0; t < length; t++) {
        const i = (trajectories.offsets[e] as number) + t;
        const noise = random.uniform();
        expect([...trajectories.observations.subarray(2 * i, 2 * i + 2)]).toEqual([e, t]);
        expect([...trajectories.actions.subarray(2 * i, 2 * i + 2)]).toEqual([e + 10 * t, Math.fround(noise)]);
        expect([...((received[e] as Action[])[t] as Float32Array)]).toEqual([e + 10 * t, Math.fround(noise)]);
        expect(trajectories.rewards[i]).toBe(1000 * e + t);
        expect(trajectories.logProbabilities[i]).toBe(-noise);
      }
      expect([...trajectories.finalObservations.subarray(2 * e, 2 * e + 2)]).toEqual([e, length]);
    });
  });

  it('takes the mode when greedy', () => {
    const { trajectories } = collect([{ length: 4, end: 'terminated' }], true);
    expect([...trajectories.logProbabilities].every((value) => value === 0)).toBe(true);
  });

  it('asks the policy once for each time step', () => {
    const counts: number[] = [];
    const { distribution } = counting(PLANS.slice(0, 3));
    collectTrajectories({
      distribution,
      task: null,
      actor: {
        act(observations, count, randoms, ...rest) {
          counts.push(count);
          expect(randoms).toHaveLength(count);
          noisyActor.act(observations, count, randoms, ...rest);
        },
      },
      rollouts: 3,
      randoms: streams(3),
      observationSize: 2,
      actionSize: 2,
    });
    // Lengths 3, 300 and 1: all three at t = 0, two at t = 1 and 2, one from then on.
    expect(counts).toEqual([3, 2, 2, ...new Array<number>(HORIZON - 3).fill(1)]);
  });

  it('hands discrete actions over as numbers', () => {
    const { distribution, received } = counting([{ length: 2, end: 'terminated' }], { kind: 'discrete', count: 5 });
    const trajectories = collectTrajectories({
      distribution,
      task: null,
      actor: {
        act(_observations, _count, _randoms, actions, logProbabilities) {
          actions[0] = 4;
          logProbabilities[0] = 0;
        },
      },
      rollouts: 1,
      randoms: streams(1),
      observationSize: 2,
      actionSize: 1,
    });
    expect(received[0]).toEqual([4, 4]);
    expect([...trajectories.actions]).toEqual([4, 4]);
  });

  it('sums rewards of each episode', () => {
    const { trajectories } = collect([
      { length: 3, end: 'terminated' },
      { length: 2, end: 'truncated' },
    ]);
    // 0 + 1 + 2 = 3 and 1000 + 1001 = 2001; their mean is 1002.
    expect([...episodeReturns(trajectories)]).toEqual([3, 2001]);
    expect(meanReturn(trajectories)).toBe(1002);
  });

  /** Episodes of 2 and 1 steps, of which the environment tells returns of its own if asked to. */
  const told = (returns: readonly (readonly (number | undefined)[])[]) => {
    let created = 0;
    return collectTrajectories({
      distribution: {
        observationSpace: { kind: 'box', low: [0], high: [9] },
        actionSpace: { kind: 'discrete', count: 2 },
        horizon: 2,
        sample: () => [],
        create: () => {
          const mine = returns[created++] as readonly (number | undefined)[];
          let t = 0;
          const [observationSpace, actionSpace] = [
            { kind: 'box', low: [0], high: [9] },
            { kind: 'discrete', count: 2 },
          ] as const;
          return {
            observationSpace,
            actionSpace,
            reset: () => [0],
            step: () => {
              const episodeReturn = mine[t++];
              return { observation: [t], reward: 1, terminated: false, truncated: t >= mine.length, episodeReturn };
            },
          };
        },
      },
      task: null,
      actor: { act: (_observations, _count, _randoms, actions) => void actions.fill(1) },
      rollouts: returns.length,
      randoms: streams(returns.length),
      observationSize: 1,
      actionSize: 1,
    });
  };

  it('takes the returns that environments tell, at the last step of each episode', () => {
    // The first one reaches the horizon of 2, of which its environment knows nothing; the second is truncated at its only step.
    const trajectories = told([[10, 30, 70], [5]]);
    expect([...episodeReturns(trajectories)]).toEqual([30, 5]);
    expect(meanReturn(trajectories)).toBe(17.5);
    expect([...trajectories.rewards]).toEqual([1, 1, 1]); // what is learned from
    expect([...episodeReturns(joinTrajectories([trajectories, trajectories]))]).toEqual([30, 5, 30, 5]);
  });

  it('sums rewards if not every episode was told of', () => {
    const trajectories = told([[10, 30, 70], [undefined]]);
    expect([...episodeReturns(trajectories)]).toEqual([2, 1]);
    const joined = joinTrajectories([told([[10, 30, 70], [5]]), trajectories]);
    expect([...episodeReturns(joined)]).toEqual([2, 1, 2, 1]);
  });

  it('refuses a return that is no number', () => {
    expect(() => told([[Number.NaN]])).toThrow('invalid `episodeReturn` (task null, episode 0, step 0)');
  });
});

const GOOD = { observation: [0, 1], reward: 0, terminated: false, truncated: false };
const cause = new Error('the simulator crashed');

describe('what environments may not do', () => {
  it.each([
    ['a step that is no object', undefined, 'object { observation, reward, terminated, truncated }, found undefined'],
    ['a promise', Promise.resolve(GOOD), 'finite number, found undefined'],
    ['NaN in an observation', { ...GOOD, observation: [0, Number.NaN] }, 'index 1, found NaN'],
    ['an observation beyond float32', { ...GOOD, observation: [1e39, 0] }, 'index 0, found 1e+39'],
    ['a short observation', { ...GOOD, observation: [0] }, 'array of 2 numbers, found Array of length 1'],
    ['an observation of text', { ...GOOD, observation: ['a', 'b'] }, 'index 0, found "a"'],
    ['no observation', { ...GOOD, observation: null }, 'array of 2 numbers, found null'],
    ['an infinite reward', { ...GOOD, reward: -Infinity }, 'reward (task {"id":7}, episode 1, step 2)'],
    ['a missing flag', { ...GOOD, terminated: undefined }, '`terminated` flag'],
    ['a flag that is a number', { ...GOOD, truncated: 0 }, '`truncated` flag'],
    ['an error', cause, 'threw in step() (task {"id":7}, episode 1, step 2): the simulator crashed'],
  ])('%s', (_name, step, text) => {
    const run = () =>
      collect([
        { length: 9, end: 'terminated' },
        { length: 9, end: 'terminated', sabotage: { at: 2, step } },
      ]);
    expect(run).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_INVALID' }));
    expect(run).toThrow('task {"id":7}, episode 1, step 2');
    expect(run).toThrow(text);
    if (step === cause) expect(run).toThrow(expect.objectContaining({ cause }));
  });

  it.each([
    ['reset()', { reset: () => [0] }, 'array of 2 numbers, found Array of length 1'],
    [
      'reset() that throws',
      {
        reset() {
          throw cause;
        },
      },
      'threw in reset() (task {"id":7}, episode 0, reset): the simulator crashed',
    ],
  ])('%s', (_name, override, text) => {
    const { distribution } = counting([{ length: 2, end: 'never' }]);
    const request = {
      distribution: { ...distribution, create: () => ({ ...distribution.create(null), ...override }) },
      task: { id: 7 },
      actor: noisyActor,
      rollouts: 1,
      randoms: streams(1),
      observationSize: 2,
      actionSize: 2,
    };
    expect(() => collectTrajectories(request)).toThrow(text);
  });

  it('names the task when no environment can be created for it', () => {
    const { distribution } = counting([]);
    const create = () => {
      throw cause;
    };
    const request = { distribution: { ...distribution, create }, task: { id: 7 }, actor: noisyActor };
    const sizes = { rollouts: 1, randoms: streams(1), observationSize: 2, actionSize: 2 };
    expect(() => collectTrajectories({ ...request, ...sizes })).toThrow('task {"id":7}: the simulator crashed');
  });

  it('an endless horizon', () => {
    const { distribution } = counting([]);
    const request = { distribution: { ...distribution, horizon: Number.NaN }, task: null, actor: noisyActor };
    const sizes = { rollouts: 1, randoms: streams(1), observationSize: 2, actionSize: 2 };
    expect(() => collectTrajectories({ ...request, ...sizes })).toThrow('horizon: expected a whole number');
  });
});

describe('what policies may not do', () => {
  it.each([
    ['NaN actions', Number.NaN, 0, 'action NaN in dimension 0'],
    ['impossible actions', 0, -Infinity, 'log-probability -Infinity'],
  ])('%s', (_name, action, logProbability, text) => {
    const { distribution } = counting([{ length: 2, end: 'never' }]);
    const actor: Actor = {
      act(_observations, _count, _randoms, actions, logProbabilities) {
        actions[0] = action;
        logProbabilities[0] = logProbability;
      },
    };
    const sizes = { rollouts: 1, randoms: streams(1), observationSize: 2, actionSize: 2 };
    const run = () => collectTrajectories({ distribution, task: null, actor, ...sizes });
    expect(run).toThrow(expect.objectContaining({ code: 'NUMBERS_NOT_FINITE' }));
    expect(run).toThrow(text);
  });

  it('needs a stream for each rollout', () => {
    const { distribution } = counting([]);
    const sizes = { rollouts: 2, randoms: streams(1), observationSize: 2, actionSize: 2 };
    expect(() => collectTrajectories({ distribution, task: null, actor: noisyActor, ...sizes })).toThrow(RangeError);
  });
});
