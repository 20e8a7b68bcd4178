import { describe, expect, it } from 'vitest';
import {
  optimalReturn,
  policyReturn,
  TabularMdp,
  type TabularMdpTables,
  type TabularMdpTask,
  tabularMdpComponent,
  tabularMdpTables,
} from '../src/index.js';
import { mean, standardError, taskStream as stream } from './support/statistics.js';

const uniformPolicy = ({ states, actions }: TabularMdpTables) => new Array<number>(states * actions).fill(1 / actions);

/** Two states, two actions. In 0: a 0 stays for 1, a 1 goes to 1 for 0. In 1: a 0 stays for 3, a 1 goes to 0 or 1 by halves for 2. */
const SMALL: TabularMdpTables = {
  states: 2,
  actions: 2,
  transitions: Float64Array.of(1, 0, 0, 1, 0, 1, 0.5, 0.5),
  meanRewards: Float64Array.of(1, 0, 3, 2),
};

describe('backward induction', () => {
  it.each([
    // V_1 = (1, 3). V_2(0) = max(1 + 1, 0 + 3) = 3, V_2(1) = max(3 + 3, 2 + 2) = 6. V_3(0) = max(1 + 3, 0 + 6) = 6.
    [1, 1],
    [2, 3],
    [3, 6],
  ])('over %d steps by hand: %d', (horizon, expected) => {
    expect(optimalReturn(SMALL, horizon)).toBe(expected);
  });

  it('of the uniform policy over 2 steps by hand', () => {
    // V_1 = (0.5, 2.5). V_2(0) = ½ (1 + 0.5) + ½ (0 + 2.5) = 2.
    expect(policyReturn(SMALL, uniformPolicy(SMALL), 2)).toBe(2);
    // Always a 0: 1 + 1. Always a 1: 0, then 2.
    expect(policyReturn(SMALL, [1, 0, 1, 0], 2)).toBe(2);
    expect(policyReturn(SMALL, [0, 1, 0, 1], 2)).toBe(2);
    expect(policyReturn(SMALL, [0, 1, 1, 0], 2)).toBe(3);
  });

  it('is the best of all policies that depend on the time, tried one by one', () => {
    const tables = tabularMdpTables(5, { states: 2, actions: 2 });
    // H = 3: a choice of one action for each time and state, 2⁶ policies; each evaluated forwards, by the chances of the states.
    const returns = Array.from({ length: 64 }, (_, code) => {
      let chances = [1, 0];
      let total = 0;
      for (let t = 0; t < 3; t++) {
        const pairs = chances.map((_, s) => 2 * s + ((code >> (2 * t + s)) & 1));
        total += chances.reduce((sum, p, s) => sum + p * (tables.meanRewards[pairs[s] as number] as number), 0);
        chances = [0, 1].map((to) =>
          chances.reduce((sum, p, s) => sum + p * (tables.transitions[2 * (pairs[s] as number) + to] as number), 0),
        );
      }
      return total;
    });
    expect(optimalReturn(tables, 3)).toBeAllClose(Math.max(...returns), { rtol: 1e-12 });
    expect(new Set(returns.map((value) => value.toFixed(9))).size).toBeGreaterThan(8);
  });
});

describe('the default distribution', () => {
  const mdps = new TabularMdp();
  const tasks = mdps.sample(stream(1), 3000);
  const all = tasks.map((task) => tabularMdpTables(task.seed, { states: 10, actions: 5 }));

  it('has an optimum of 21.85 ± 0.04 an episode', () => {
    const returns = all.map((tables) => optimalReturn(tables, mdps.horizon));
    expect(standardError(returns)).toBeAllClose(0.04, { rtol: 0, atol: 0.004 });
    expect(Math.abs(mean(returns) - 21.85)).toBeLessThan(3 * Math.hypot(0.04, 0.04));
  });

  it('earns random actions 10: H mean rewards of 1', () => {
    const returns = all.map((tables) => policyReturn(tables, uniformPolicy(tables), mdps.horizon));
    expect(Math.abs(mean(returns) - 10)).toBeLessThan(3 * standardError(returns));
    expect(standardError(returns)).toBeLessThan(0.03);
  });

  it('draws rows of P uniformly from the simplex, and mean rewards from N(1, 1)', () => {
    const rewards = all.flatMap(({ meanRewards }) => [...meanRewards]);
    // 150 000 rewards: standard errors 0.0026 of the mean and 0.0037 of the variance.
    expect(mean(rewards)).toBeAllClose(1, { rtol: 0, atol: 0.008 });
    expect(mean(rewards.map((value) => (value - 1) ** 2))).toBeAllClose(1, { rtol: 0, atol: 0.012 });
    const { transitions } = all[0] as TabularMdpTables;
    for (let pair = 0; pair < 50; pair++) {
      const row = transitions.subarray(10 * pair, 10 * pair + 10);
      expect(row.reduce((total, p) => total + p, 0)).toBeAllClose(1, { rtol: 1e-12 });
    }
    // A component of Dirichlet(1, …, 1) over 10 has E p² = 2 / (10 · 11) = 0.018182.
    const squares = all.slice(0, 300).map((tables) => mean([...tables.transitions].map((p) => p * p)));
    expect(Math.abs(mean(squares) - 2 / 110)).toBeLessThan(3 * standardError(squares));
    expect(standardError(squares)).toBeLessThan(1e-4);
  });

  it('has tasks that are a seed, from which the same tables always follow', () => {
    const [task] = tasks as [TabularMdpTask];
    expect(Object.keys(task)).toEqual(['seed']);
    expect(JSON.parse(JSON.stringify(tasks))).toEqual(tasks);
    expect(mdps.tables(task)).toEqual(all[0]);
    expect(mdps.tables(tasks[1] as TabularMdpTask)).toEqual(all[1]); // and not what was asked for before
    expect(mdps.tables({ seed: 7 }).meanRewards).not.toEqual(mdps.tables({ seed: 8 }).meanRewards);
  });
});

describe('an environment', () => {
  it('starts in state 0 and shows its state as one-hot', () => {
    const environment = new TabularMdp({ states: 3, actions: 2 }).create({ seed: 4 });
    for (let episode = 0; episode < 3; episode++) {
      expect([...environment.reset(stream(episode))]).toEqual([1, 0, 0]);
      for (let t = 0; t < 20; t++) {
        const { observation, terminated, truncated } = environment.step(t % 2);
        expect(Array.from(observation).sort()).toEqual([0, 0, 1]);
        expect([terminated, truncated]).toEqual([false, false]);
      }
    }
  });

  it('moves and pays by its tables', () => {
    const mdps = new TabularMdp({ states: 3, actions: 2 });
    const { transitions, meanRewards } = mdps.tables({ seed: 11 });
    const environment = mdps.create({ seed: 11 });
    const random = stream(3);
    const visits = new Float64Array(6);
    const paid = new Float64Array(6);
    const moves = new Float64Array(18);
    let state = Array.from(environment.reset(random)).indexOf(1);
    for (let t = 0; t < 60_000; t++) {
      const pair = 2 * state + (t % 2);
      const { observation, reward } = environment.step(t % 2);
      state = Array.from(observation).indexOf(1);
      visits[pair] = (visits[pair] as number) + 1;
      paid[pair] = (paid[pair] as number) + reward;
      moves[3 * pair + state] = (moves[3 * pair + state] as number) + 1;
    }
    // Each pair is visited more than 2000 times: standard errors below 0.0224 of a mean reward and 0.0112 of a chance.
    expect(Math.min(...visits)).toBeGreaterThan(2000);
    expect(paid.map((total, pair) => total / (visits[pair] as number))).toBeAllClose(meanRewards, {
      rtol: 0,
      atol: 0.075,
    });
    const shares = moves.map((count, i) => count / (visits[Math.floor(i / 3)] as number));
    expect(shares).toBeAllClose(transitions, { rtol: 0, atol: 0.035 });
  });

  it('earns the uniform policy what backward induction says', () => {
    const mdps = new TabularMdp();
    const task = { seed: 21 };
    const returns = Array.from({ length: 2000 }, (_, episode) => {
      const random = stream(5, episode);
      const environment = mdps.create(task);
      environment.reset(random);
      return Array.from({ length: 10 }, () => environment.step(random.integer(5)).reward).reduce((a, b) => a + b, 0);
    });
    const tables = mdps.tables(task);
    const expected = policyReturn(tables, uniformPolicy(tables), 10);
    expect(Math.abs(mean(returns) - expected)).toBeLessThan(3 * standardError(returns));
    expect(standardError(returns)).toBeLessThan(0.13);
  });
});

it('has spaces and a horizon by its options', () => {
  const mdps = tabularMdpComponent.create(tabularMdpComponent.options.parse({ states: 4, actions: 3, horizon: 6 }), {});
  expect(mdps.observationSpace).toEqual({ kind: 'box', low: [0, 0, 0, 0], high: [1, 1, 1, 1] });
  expect(mdps.actionSpace).toEqual({ kind: 'discrete', count: 3 });
  expect(mdps.horizon).toBe(6);
});

it.each([[{ seed: -1 }], [{ seed: 0.5 }], [{ seed: 2 ** 32 }], [{}], [null]])('refuses the task %j', (task) => {
  const create = () => new TabularMdp().create(task as unknown as TabularMdpTask);
  expect(create).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_INVALID' }));
  expect(create).toThrow('must be { "seed": n }');
});
