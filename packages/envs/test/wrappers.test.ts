import { type Action, type ActionSpace, type Environment, isPlugin, randomStream } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import {
  ActionRepeat,
  ActionScaling,
  actionRepeatComponent,
  actionScalingComponent,
  EpisodeStatistics,
  envsPlugin,
  PointNavigation,
  TimeLimit,
  timeLimitComponent,
} from '../src/index.js';

const random = () => randomStream({ seed: 1, purpose: 'user' });

/** Remembers the actions that reach it; the observation is how many there were. Truncates itself after `own` steps. */
function recording(actionSpace: ActionSpace, own = Number.POSITIVE_INFINITY, terminatesAt = Number.POSITIVE_INFINITY) {
  const received: Action[] = [];
  let t = 0;
  const environment: Environment = {
    observationSpace: { kind: 'box', low: [0], high: [1000] },
    actionSpace,
    reset() {
      t = 0;
      return [0];
    },
    step(action) {
      received.push(typeof action === 'number' ? action : action.slice());
      t += 1;
      return { observation: [t], reward: -t, terminated: t >= terminatesAt, truncated: t >= own };
    },
  };
  return { environment, received };
}

const BOX = { kind: 'box', low: [-0.1, 0], high: [0.1, 8] } as const;

describe('action-scaling', () => {
  it.each([
    // low + (u + 1) / 2 · (high − low), with bounds [−0.1, 0.1] and [0, 8].
    [
      [0, 0],
      [0, 4],
    ],
    [
      [1, -1],
      [0.1, 0],
    ],
    [
      [-0.5, 0.25],
      [-0.05, 5],
    ],
    [
      [7, -3], // clipped to 1 and −1
      [0.1, 0],
    ],
  ])('maps %j to %j', (units, expected) => {
    const { environment, received } = recording(BOX);
    const wrapped = new ActionScaling().wrap(environment);
    wrapped.reset(random());
    const given = Float32Array.from(units);
    const step = wrapped.step(given);
    expect(received[0]).toBeAllClose(expected, { rtol: 1e-6, atol: 1e-8 });
    expect([...given]).toEqual(units); // the policy's action is left alone
    expect(step).toEqual({ observation: [1], reward: -1, terminated: false, truncated: false });
  });

  it('shows the policy its own units', () => {
    const wrapper = actionScalingComponent.create({}, {});
    const { environment } = recording(BOX);
    const spaces = wrapper.spaces(environment);
    expect(spaces.actionSpace).toEqual({ kind: 'box', low: [-1, -1], high: [1, 1] });
    expect(spaces.observationSpace).toEqual(environment.observationSpace);
    const { actionSpace, observationSpace } = wrapper.wrap(environment);
    expect({ actionSpace, observationSpace }).toEqual(spaces);
  });

  it('moves the point by 0.1 per unit', () => {
    const environment = new ActionScaling().wrap(new PointNavigation().create({ goal: [0.5, 0.5] }));
    environment.reset(random());
    expect(environment.step(Float32Array.of(1, -0.5)).observation).toBeAllClose([0.1, -0.05], { rtol: 1e-6 });
  });

  it.each<[string, ActionSpace, string]>([
    ['discrete actions', { kind: 'discrete', count: 3 }, 'discrete space of 3 choices'],
    ['no upper bound', { kind: 'box', low: [0, 0], high: [1, Infinity] }, 'found [0, Infinity] in dimension 1'],
    ['no lower bound', { kind: 'box', low: [-Infinity], high: [1] }, 'found [-Infinity, 1] in dimension 0'],
  ])('refuses %s', (_name, actionSpace, text) => {
    const { environment } = recording(actionSpace);
    for (const attempt of [
      () => new ActionScaling().spaces(environment),
      () => new ActionScaling().wrap(environment),
    ]) {
      expect(attempt).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
      expect(attempt).toThrow(text);
    }
  });
});

describe('time-limit', () => {
  const flags = (environment: Environment, steps: number) => {
    environment.reset(random());
    return Array.from({ length: steps }, () => {
      const { terminated, truncated } = environment.step(0);
      return `${terminated ? 'T' : '-'}${truncated ? 't' : '-'}`;
    });
  };
  const DISCRETE = { kind: 'discrete', count: 2 } as const;

  it('truncates at its last step, in every episode', () => {
    const wrapped = new TimeLimit({ steps: 3 }).wrap(recording(DISCRETE).environment);
    expect(flags(wrapped, 3)).toEqual(['--', '--', '-t']);
    expect(flags(wrapped, 3)).toEqual(['--', '--', '-t']); // counts anew after a reset
  });

  it('keeps what the environment says', () => {
    expect(flags(new TimeLimit({ steps: 3 }).wrap(recording(DISCRETE, 2).environment), 2)).toEqual(['--', '-t']);
    expect(flags(new TimeLimit({ steps: 3 }).wrap(recording(DISCRETE, 9, 2).environment), 2)).toEqual(['--', 'T-']);
    expect(flags(new TimeLimit({ steps: 2 }).wrap(recording(DISCRETE, 9, 2).environment), 2)).toEqual(['--', 'Tt']);
  });

  it('passes spaces, observations, rewards and actions on', () => {
    const { environment, received } = recording(DISCRETE);
    const wrapper = timeLimitComponent.create(timeLimitComponent.options.parse({}), {});
    expect(wrapper.spaces(environment)).toBe(environment);
    const wrapped = wrapper.wrap(environment);
    expect(wrapped.reset(random())).toEqual([0]);
    expect(wrapped.step(1)).toEqual({ observation: [1], reward: -1, terminated: false, truncated: false });
    expect(received).toEqual([1]);
  });

  it.each([{ steps: 0 }, { steps: 2.5 }, { limit: 3 }])('refuses options %j', (options) => {
    expect(timeLimitComponent.options.safeParse(options).success).toBe(false);
  });
});

describe('action-repeat', () => {
  const DISCRETE = { kind: 'discrete', count: 2 } as const;
  const wrap = (times: number, own?: number, terminatesAt?: number) => {
    const { environment, received } = recording(DISCRETE, own, terminatesAt);
    const wrapped = new ActionRepeat({ times }).wrap(environment);
    wrapped.reset(random());
    return { wrapped, received };
  };

  it('takes each action so many times, shows the last observation and adds the rewards', () => {
    const { wrapped, received } = wrap(3);
    // The rewards are −1, −2, −3, then −4, −5, −6.
    expect(wrapped.step(1)).toEqual({ observation: [3], reward: -6, terminated: false, truncated: false });
    expect(wrapped.step(0)).toEqual({ observation: [6], reward: -15, terminated: false, truncated: false });
    expect(received).toEqual([1, 1, 1, 0, 0, 0]);
  });

  it.each([
    ['a limit of the environment', 2, undefined, { terminated: false, truncated: true }],
    ['a terminal state', undefined, 2, { terminated: true, truncated: false }],
  ])('ends where the episode does: at %s', (_name, own, terminatesAt, flags) => {
    const { wrapped, received } = wrap(3, own, terminatesAt);
    expect(wrapped.step(1)).toEqual({ observation: [2], reward: -3, ...flags });
    expect(received).toEqual([1, 1]);
  });

  it('keeps the return that episode-statistics counts further in', () => {
    const counted = new EpisodeStatistics().wrap(recording(DISCRETE).environment);
    const wrapped = new ActionRepeat({ times: 2 }).wrap(counted);
    wrapped.reset(random());
    expect(wrapped.step(1)).toMatchObject({ reward: -3, episodeReturn: -3 });
    expect(wrapped.step(1)).toMatchObject({ reward: -7, episodeReturn: -10 });
  });

  it('with 1 changes nothing', () => {
    const { wrapped } = wrap(1);
    expect(wrapped.step(1)).toEqual({ observation: [1], reward: -1, terminated: false, truncated: false });
  });

  it.each([{ times: 0 }, { times: 1.5 }, { repeat: 2 }])('refuses options %j', (options) => {
    expect(actionRepeatComponent.options.safeParse(options).success).toBe(false);
  });
});

describe('the plugin', () => {
  it('lists every wrapper', () => {
    expect(isPlugin(envsPlugin)).toBe(true);
    const wrappers = envsPlugin.components.filter(({ kind }) => kind === 'wrapper').map(({ name }) => name);
    expect(wrappers).toEqual([
      'action-scaling',
      'action-repeat',
      'time-limit',
      'observation-normalization',
      'episode-statistics',
      'reward-scaling',
    ]);
  });

  it('describes every option, and has a default for each', () => {
    for (const { options } of envsPlugin.components) {
      const defaults = options.parse({});
      for (const [name, field] of Object.entries<{ description?: string }>(options.shape)) {
        expect(defaults[name], name).toBeDefined();
        // A number's description tells its range.
        expect(field.description, name).toMatch(
          typeof defaults[name] === 'number' ? /at least|above|any number/ : /\w{3}/,
        );
      }
    }
  });
});
