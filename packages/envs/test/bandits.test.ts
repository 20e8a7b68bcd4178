import type { Random } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import {
  Bandit,
  type BanditTask,
  bernoulliBanditComponent,
  expectedBestArm,
  gaussianBanditComponent,
  playBandit,
  randomArm,
  thompsonSampling,
  ucb1,
} from '../src/index.js';
import { mean, standardError, taskStream as stream } from './support/statistics.js';

/** A stream that gives these uniform numbers and these normal ones, in turn. */
function scripted(uniforms: readonly number[], normals: readonly number[] = []): Random {
  const u = [...uniforms];
  const n = [...normals];
  return { uniform: () => u.shift() as number, normal: () => n.shift() as number, integer: () => 0 };
}

describe('one pull', () => {
  const bandit = new Bandit('bernoulli', { arms: 3 });

  it.each([
    [0.29, 1],
    [0.3, 0], // a 1 has the chance 0.3: uniform numbers below it
    [0.99, 0],
  ])('with the chance 0.3 pays, at the uniform number %d: %d', (uniform, reward) => {
    const environment = bandit.create({ means: [0.9, 0.3, 0] });
    expect([...environment.reset(scripted([uniform]))]).toEqual([0]);
    const step = environment.step(1);
    expect(step).toMatchObject({ reward, terminated: true, truncated: false });
    expect([...(step.observation as Float64Array)]).toEqual([0]);
  });

  it('of a Gaussian arm pays its mean and a standard normal number', () => {
    const environment = new Bandit('gaussian', { arms: 2 }).create({ means: [0.25, 0.5] });
    environment.reset(scripted([], [-1.5]));
    expect(environment.step(1)).toMatchObject({ reward: -1, terminated: true });
  });

  it('pays what it should on average', () => {
    const gaussian = new Bandit('gaussian', { arms: 2 }).create({ means: [0.25, 0.75] });
    const bernoulli = new Bandit('bernoulli', { arms: 2 }).create({ means: [0.25, 0.75] });
    const [g, b] = [gaussian, bernoulli].map((environment, index) => {
      const random = stream(4 + index);
      return Array.from({ length: 20_000 }, () => {
        environment.reset(random);
        return environment.step(1).reward;
      });
    }) as [number[], number[]];
    // Standard errors: 1 / √20 000 = 0.0071 and √(0.75 · 0.25 / 20 000) = 0.0031. The variance of 1 has the error √(2 / 20 000) = 0.01.
    expect(mean(g)).toBeAllClose(0.75, { rtol: 0, atol: 0.02 });
    expect(mean(g.map((value) => (value - 0.75) ** 2))).toBeAllClose(1, { rtol: 0, atol: 0.03 });
    expect(mean(b)).toBeAllClose(0.75, { rtol: 0, atol: 0.01 });
  });
});

describe('the protocol of RL²', () => {
  it('shows the previous action and reward, and ends after the last pull', () => {
    const environment = new Bandit('bernoulli', { arms: 3, protocol: 'rl2', pulls: 3 }).create({
      means: [0.9, 0.3, 0],
    });
    expect([...environment.reset(scripted([0.1, 0.5, 0.2]))]).toEqual([0, 0, 0, 0]);
    const seen = [0, 1, 1].map((arm) => {
      const { observation, reward, terminated } = environment.step(arm);
      return [...Array.from(observation), reward, terminated];
    });
    expect(seen).toEqual([
      [1, 0, 0, 1, 1, false], // 0.1 < 0.9
      [0, 1, 0, 0, 0, false], // 0.5 ≥ 0.3
      [0, 1, 0, 1, 1, true], // 0.2 < 0.3
    ]);
    expect([...environment.reset(scripted([]))]).toEqual([0, 0, 0, 0]);
  });

  it('has observations of one number for each arm, and the reward', () => {
    const options = { arms: 3, protocol: 'rl2', pulls: 10 } as const;
    const bernoulli = new Bandit('bernoulli', options);
    expect(bernoulli.observationSpace).toEqual({ kind: 'box', low: [0, 0, 0, 0], high: [1, 1, 1, 1] });
    expect(bernoulli.actionSpace).toEqual({ kind: 'discrete', count: 3 });
    expect(bernoulli.horizon).toBe(10);
    expect(new Bandit('gaussian', options).observationSpace).toMatchObject({
      low: [0, 0, 0, Number.NEGATIVE_INFINITY],
      high: [1, 1, 1, Number.POSITIVE_INFINITY],
    });
  });
});

describe('the distribution', () => {
  it.each([5, 10, 50])('of %d arms has a best arm of mean K / (K + 1)', (arms) => {
    // Var max = K / ((K + 1)² (K + 2)), at most 0.02 here: the standard error over 4000 tasks is at most 0.0023.
    const best = new Bandit('gaussian', { arms }).sample(stream(arms), 4000).map(({ means }) => Math.max(...means));
    expect(Math.abs(mean(best) - expectedBestArm(arms))).toBeLessThan(3 * standardError(best));
    expect(standardError(best)).toBeLessThan(0.0023);
  });

  it('expects 0.833, 0.909 and 0.980 of the best of 5, 10 and 50 arms', () => {
    expect([5, 10, 50].map(expectedBestArm)).toBeAllClose([0.8333, 0.9091, 0.9804], { rtol: 0, atol: 5e-5 });
  });

  it('is a function of the seed, and its tasks are JSON', () => {
    const bandit = new Bandit('bernoulli');
    const draw = (seed: number) => bandit.sample(stream(seed), 3);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(JSON.parse(JSON.stringify(draw(1)))).toEqual(draw(1));
    expect(draw(1).map(({ means }) => means.length)).toEqual([5, 5, 5]);
  });

  it.each([
    ['bernoulli', { means: [0.5] }, '2 numbers from 0 to 1'],
    ['bernoulli', { means: [0.5, 1.1] }, '2 numbers from 0 to 1'],
    ['gaussian', { means: [0.5, null] }, '2 finite numbers'],
    ['gaussian', null, '2 finite numbers'],
  ] as const)('of %s arms refuses the task %j', (noise, task, expected) => {
    const create = () => new Bandit(noise, { arms: 2 }).create(task as unknown as BanditTask);
    expect(create).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_INVALID' }));
    expect(create).toThrow(expected);
  });

  it('of Gaussian arms takes any finite means', () => {
    expect(() => new Bandit('gaussian', { arms: 2 }).create({ means: [-3, 7] })).not.toThrow();
  });

  it.each([{ protocol: 'rl2' }, { protocol: 'rl2', pulls: 1 }, { protocol: 'one-pull', pulls: 2 }] as const)(
    'refuses options whose pulls do not fit the protocol: %j',
    (options) => {
      const parsed = bernoulliBanditComponent.options.safeParse(options);
      expect(parsed.error?.issues).toMatchObject([{ path: ['pulls'], message: expect.stringContaining("'rl2'") }]);
    },
  );

  it('is a component for each kind of reward', () => {
    const parse = (component: typeof bernoulliBanditComponent) =>
      component.create(component.options.parse({ arms: 2, protocol: 'rl2', pulls: 4 }), {});
    const play = (component: typeof bernoulliBanditComponent) => {
      const environment = parse(component).create({ means: [0, 0] });
      environment.reset(stream(1));
      return [0, 1, 0].map((arm) => environment.step(arm).reward);
    };
    expect(play(bernoulliBanditComponent)).toEqual([0, 0, 0]);
    expect(play(gaussianBanditComponent).every((reward) => !Number.isInteger(reward))).toBe(true);
  });
});

describe('known strategies on 100 pulls of 5 Bernoulli arms', () => {
  const PULLS = 100;
  const bandit = new Bandit('bernoulli', { arms: 5 });
  const tasks = bandit.sample(stream(1), 2000);
  const totals = (strategy: Parameters<typeof playBandit>[1]) =>
    tasks.map((task, index) => playBandit(bandit.create(task), strategy, PULLS, stream(2, index)));

  // Published: Duan et al. 2016, table 1. The standard deviation of a total is about 16, here and there: the mean over 2000 has the standard
  // error 0.36, a published mean over 1000 runs 0.5. 3 √(0.36² + 0.5²) = 1.9.
  it.each([
    ['random arms', randomArm, 49.9],
    ['Thompson sampling', thompsonSampling, 74.7],
    ['UCB1 with exploration 0.2', ucb1(0.2), 78],
  ] as const)('%s earn what is published', (_name, strategy, published) => {
    const earned = totals(strategy);
    expect(standardError(earned)).toBeLessThan(0.4);
    expect(Math.abs(mean(earned) - published)).toBeLessThan(1.9);
  });

  it('are told apart: UCB1 above Thompson sampling, and exploration 1 too much', () => {
    const [tuned, thompson, eager] = [ucb1(0.2), thompsonSampling, ucb1(1)].map((s) => mean(totals(s)));
    expect((tuned as number) - (thompson as number)).toBeGreaterThan(1);
    expect((thompson as number) - (eager as number)).toBeGreaterThan(5);
  });

  it('earn the same under both protocols', () => {
    const long = new Bandit('bernoulli', { arms: 5, protocol: 'rl2', pulls: PULLS });
    const [task] = tasks as [BanditTask];
    const play = (distribution: Bandit) => playBandit(distribution.create(task), ucb1(0.2), PULLS, stream(9));
    expect(play(long)).toBe(play(bandit));
  });
});

it('UCB1 by hand: each arm once, then the highest bound', () => {
  const choose = ucb1(0.5);
  const after = (pulls: number[], rewards: number[]) => {
    const time = pulls.reduce((total, n) => total + n, 0);
    return choose({ pulls: Float64Array.from(pulls), rewards: Float64Array.from(rewards), time }, stream(0));
  };
  expect(after([1, 0, 0], [0, 0, 0])).toBe(1);
  // t = 8, √(2 ln 8) = 2.0393. Bounds: 3/6 + 0.5 · 2.0393 / √6 = 0.916; 0 + 1.020; 0 + 1.020. The first of the best is pulled.
  expect(after([6, 1, 1], [3, 0, 0])).toBe(1);
  // 5/6 + 0.416 = 1.250 against 1.020.
  expect(after([6, 1, 1], [5, 0, 0])).toBe(0);
});
