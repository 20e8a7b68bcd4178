import {
  type Actor,
  collectTrajectories,
  type Environment,
  episodeReturns,
  meanReturn,
  randomStream,
  type TaskDistribution,
  type Trajectories,
} from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import {
  PAPER_GOALS,
  PointNavigation,
  type PointNavigationTask,
  pointNavigationComponent,
  TimeLimit,
} from '../src/index.js';
import { mean, standardError } from './support/statistics.js';

const tasks = new PointNavigation();

/** Moves by `choose(position)` from every position; not random. */
function actorOf(choose: (x: number, y: number) => readonly [number, number]): Actor {
  return {
    act(observations, count, _randoms, actions, logProbabilities) {
      for (let i = 0; i < count; i++) {
        const [dx, dy] = choose(observations[2 * i] as number, observations[2 * i + 1] as number);
        actions[2 * i] = dx;
        actions[2 * i + 1] = dy;
        logProbabilities[i] = 0;
      }
    },
  };
}

const stay = actorOf(() => [0, 0]);
/** Straight to the goal along each axis; the environment clips the move. */
const perfect = ([goalX, goalY]: readonly [number, number]) => actorOf((x, y) => [goalX - x, goalY - y]);

function play(task: PointNavigationTask, actor: Actor, distribution: TaskDistribution = tasks): Trajectories {
  return collectTrajectories({
    distribution,
    task,
    actor,
    rollouts: 1,
    randoms: [randomStream({ seed: 1, purpose: 'user' })],
    observationSize: distribution.observationSpace.low.length,
    actionSize: 2,
  });
}

describe('closed forms', () => {
  it('staying at the origin earns −40.08 on the 40 goals of the paper', () => {
    const returns = tasks.taskSets.paper.map((task) => meanReturn(play(task, stay)));
    expect(mean(returns)).toBeAllClose(-40.08, { rtol: 0, atol: 0.005 });
  });

  it('staying at the origin earns −100 (√2 + ln(1 + √2)) / 6 over the distribution', () => {
    // Mean distance from the centre of a unit square: (√2 + ln(1 + √2)) / 6 = 0.382598.
    const returns = tasks
      .sample(randomStream({ seed: 3, purpose: 'tasks' }), 4000)
      .map((task) => meanReturn(play(task, stay)));
    // Some goals are within 0.01 of the origin (a share of (0.02)² = 0.0004) and end after one step; they would have lost
    // at most 1.42, so that moves the mean by less than 0.001.
    expect(Math.abs(mean(returns) - -38.2598)).toBeLessThan(3 * standardError(returns) + 0.001);
    expect(standardError(returns)).toBeLessThan(0.3); // sd of the distance is 0.142: 100 · 0.142 / √4000 = 0.23
  });

  it('perfect play earns −0.54 in 3.75 steps on the 40 goals', () => {
    const played = tasks.taskSets.paper.map((task) => play(task, perfect(task.goal)));
    expect(mean(played.map(meanReturn))).toBeAllClose(-0.54, { rtol: 0, atol: 0.005 });
    expect(mean(played.map((trajectories) => trajectories.rewards.length))).toBe(3.75);
    expect(played.every((trajectories) => trajectories.ends[0] === 'terminated')).toBe(true);
  });

  it('perfect play earns −0.51 in 3.74 steps over the distribution', () => {
    const played = tasks
      .sample(randomStream({ seed: 4, purpose: 'tasks' }), 4000)
      .map((task) => play(task, perfect(task.goal)));
    const returns = played.map(meanReturn);
    expect(Math.abs(mean(returns) - -0.51)).toBeLessThan(3 * standardError(returns) + 0.005);
    expect(mean(played.map((trajectories) => trajectories.rewards.length))).toBeAllClose(3.74, { rtol: 0, atol: 0.06 });
  });
});

describe('one step', () => {
  it('moves by the action, clipped to 0.1 along each axis', () => {
    const environment = tasks.create({ goal: [0.3, -0.4] });
    expect([...environment.reset()]).toEqual([0, 0]);
    // To (0.1, −0.05): (0.2, −0.35) is left, √(0.04 + 0.1225) = 0.4031129.
    const first = environment.step(Float32Array.of(7, -0.05));
    expect(first.observation).toBeAllClose([0.1, -0.05], { rtol: 1e-6 });
    expect(first.reward).toBeAllClose(-0.4031129, { rtol: 1e-6 });
    expect([first.terminated, first.truncated]).toEqual([false, false]);
    // To (0, −0.15): (0.3, −0.25) is left, √(0.09 + 0.0625) = 0.3905125.
    const second = environment.step(Float32Array.of(-0.1, -3));
    expect(second.observation).toBeAllClose([0, -0.15], { rtol: 0, atol: 1e-8 });
    expect(second.reward).toBeAllClose(-0.3905125, { rtol: 1e-6 });
    expect([...environment.reset()]).toEqual([0, 0]);
  });

  it.each([
    [[0.1, 0.1], true],
    [[0.0901, 0.1099], true], // a box, not a disc: √2 · 0.0099 = 0.014 away
    [[0.1, 0.1101], false],
    [[0.0899, 0.1], false],
  ] as const)('from the origin by (0.1, 0.1) with the goal at %j terminates: %j', (goal, terminated) => {
    const environment = tasks.create({ goal });
    environment.reset();
    expect(environment.step(Float32Array.of(0.1, 0.1)).terminated).toBe(terminated);
  });
});

describe('with the goal observed', () => {
  const oracle = new PointNavigation({ observeGoal: true });

  it('observes position and goal, of which the goal stays', () => {
    const environment = oracle.create({ goal: [0.3, -0.4] });
    expect([...environment.reset()]).toEqual([0, 0, 0.3, -0.4]);
    // As above: by (0.1, −0.05), after which (0.2, −0.35) is left, √(0.04 + 0.1225) = 0.4031129.
    const step = environment.step(Float32Array.of(7, -0.05));
    expect(step.observation).toBeAllClose([0.1, -0.05, 0.3, -0.4], { rtol: 1e-6 });
    expect(step.reward).toBeAllClose(-0.4031129, { rtol: 1e-6 });
    expect([...environment.reset()]).toEqual([0, 0, 0.3, -0.4]);
  });

  it('has spaces that hold both, for the goals of the distribution and of the paper', () => {
    // 100 steps of 0.1 lead 10 away at most.
    expect(oracle.observationSpace).toEqual({ kind: 'box', low: [-10, -10, -0.5, -0.5], high: [10, 10, 0.5, 0.5] });
    expect(oracle.create({ goal: [0, 0] }).observationSpace).toEqual(oracle.observationSpace);
    const high = (goalRange: number) => new PointNavigation({ observeGoal: true, goalRange }).observationSpace.high;
    expect(high(2)).toEqual([10, 10, 2, 2]);
    expect(high(0.1)).toEqual([10, 10, 0.5, 0.5]);
    expect(oracle.actionSpace).toEqual(tasks.actionSpace);
  });

  it('earns −0.54 on the 40 goals of the paper by one policy that goes where the observation says', () => {
    const actor: Actor = {
      act(observations, count, _randoms, actions, logProbabilities) {
        for (let i = 0; i < count; i++) {
          for (const d of [0, 1]) {
            actions[2 * i + d] = (observations[4 * i + 2 + d] as number) - (observations[4 * i + d] as number);
          }
          logProbabilities[i] = 0;
        }
      },
    };
    const returns = oracle.taskSets.paper.map((task) => meanReturn(play(task, actor, oracle)));
    expect(mean(returns)).toBeAllClose(-0.54, { rtol: 0, atol: 0.005 });
  });

  it('draws tasks and views as without', () => {
    const random = () => randomStream({ seed: 8, purpose: 'tasks' });
    expect(oracle.sample(random(), 5)).toEqual(tasks.sample(random(), 5));
    expect(oracle.view({ goal: [0.1, 0.2] })).toEqual({ axes: [0, 1], target: [0.1, 0.2] });
  });
});

describe('ends', () => {
  const task: PointNavigationTask = { goal: [0.25, 0] };

  it('terminates at the goal', () => {
    const { ends, rewards } = play(task, perfect(task.goal));
    expect(ends).toEqual(['terminated']);
    expect(rewards).toBeAllClose([-0.15, -0.05, 0], { rtol: 0, atol: 1e-7 });
  });

  it('ends at the horizon otherwise', () => {
    const { ends, rewards } = play(task, stay);
    expect(ends).toEqual(['horizon']);
    expect(rewards).toHaveLength(100);
  });

  it.each([
    [2, 'truncated', 2],
    [3, 'terminated', 3], // both at once: terminated
    [100, 'terminated', 3],
  ])('with a time limit of %d is %s after %d steps', (steps, end, length) => {
    const limit = new TimeLimit({ steps });
    const limited: TaskDistribution<PointNavigationTask> = {
      horizon: 100,
      ...limit.spaces(tasks),
      sample: (random, count) => tasks.sample(random, count),
      create: (given): Environment => limit.wrap(tasks.create(given)),
    };
    const { ends, rewards } = play(task, perfect(task.goal), limited);
    expect(ends).toEqual([end]);
    expect(rewards).toHaveLength(length);
  });
});

describe('the distribution', () => {
  it('is a function of the seed', () => {
    const draw = (seed: number) => tasks.sample(randomStream({ seed, purpose: 'tasks' }), 5);
    expect(draw(8)).toEqual(draw(8));
    expect(draw(8)).not.toEqual(draw(9));
  });

  it('is uniform on the square', () => {
    const goals = new PointNavigation({ goalRange: 2 })
      .sample(randomStream({ seed: 2, purpose: 'tasks' }), 20_000)
      .flatMap(({ goal }) => [...goal]);
    expect(Math.max(...goals)).toBeLessThan(2);
    expect(Math.min(...goals)).toBeGreaterThanOrEqual(-2);
    // U[−2, 2] has mean 0 and mean square 4/3; over 40 000 draws the standard errors are 0.0058 and 0.006.
    expect(mean(goals)).toBeAllClose(0, { atol: 0.02 });
    expect(mean(goals.map((value) => value ** 2))).toBeAllClose(4 / 3, { rtol: 0, atol: 0.02 });
  });

  it('has the 40 goals of the paper as a task set', () => {
    expect(tasks.taskSets.paper).toHaveLength(40);
    expect(tasks.taskSets.paper[0]).toEqual({ goal: [-0.082977995297, 0.220324493442] });
    expect(PAPER_GOALS.flat().every((value) => Math.abs(value) <= 0.5)).toBe(true);
    expect(JSON.parse(JSON.stringify(tasks.taskSets.paper))).toEqual(tasks.taskSets.paper);
  });

  it('has published results, for its default options only', () => {
    expect(tasks.references[0]).toMatchObject({
      label: 'MAML (Finn et al. 2017)',
      meanReturn: [-40.41, -11.68, -3.33, -3.23, -3.35],
      ci95: [4.01, 2.16, 0.55, 0.58, 0.59],
    });
    expect(tasks.references.map(({ meanReturn: row }) => row[0])).toEqual([-40.41, -82.66, -2.29]);
    expect(tasks.references.every(({ meanReturn: row, ci95 }) => ci95?.length === row.length)).toBe(true);
    expect(new PointNavigation({ horizon: 50 }).references).toEqual([]);
    expect(new PointNavigation({ observeGoal: true }).references).toEqual([]);
    expect(new PointNavigation({ observeGoal: false }).references).toHaveLength(3);
  });

  it('tells how to draw a task', () => {
    expect(tasks.view({ goal: [0.1, 0.2] })).toEqual({ axes: [0, 1], target: [0.1, 0.2] });
  });

  it.each([[{ goal: [1] }], [{ goal: [1, Number.NaN] }], [{ target: [0, 0] }], [null]])('refuses task %j', (task) => {
    const create = () => tasks.create(task as unknown as PointNavigationTask);
    expect(create).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_INVALID' }));
    expect(create).toThrow('must be { "goal": [x, y] }');
  });

  it('takes its constants from options', () => {
    const wide = pointNavigationComponent.create(
      pointNavigationComponent.options.parse({ horizon: 7, stepLimit: 0.5, goalRadius: 0.2 }),
      {},
    );
    expect(wide.horizon).toBe(7);
    expect(wide.actionSpace).toEqual({ kind: 'box', low: [-0.5, -0.5], high: [0.5, 0.5] });
    // One step of 0.5 to (0.5, 0.5), 0.19 short of the goal along x: terminated.
    const trajectories = play({ goal: [0.69, 0.5] }, perfect([0.69, 0.5]), wide);
    expect([...episodeReturns(trajectories)]).toBeAllClose([-0.19], { rtol: 1e-6 });
    expect(trajectories.ends).toEqual(['terminated']);
  });

  it.each([{ horizon: 0 }, { horizon: 1.5 }, { goalRange: 0 }, { stepLimit: -1 }, { goalRadius: -1 }, { radius: 1 }])(
    'refuses options %j',
    (options) => {
      expect(pointNavigationComponent.options.safeParse(options).success).toBe(false);
    },
  );
});
