import { describe, expect, it } from 'vitest';
import { type Actor, collectTrajectories } from '../src/index.js';
import { collect, counting, noisyActor, streams } from './support/counting-environment.js';

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
