import { describe, test } from 'vitest';
import { type Actor, useBackend } from '../src/index.js';
import {
  acting,
  type Broken,
  CONTINUOUS,
  categorical,
  DISCRETE,
  expectRefused,
  gaussian,
  having,
} from './support/broken-policies.js';

await useBackend('cpu');

let shared: Float64Array | undefined;

const BROKEN: readonly Broken[] = [
  [
    'an actor with another standard deviation',
    having(
      gaussian(),
      acting((own) => (observations, count, randoms, actions, logProbabilities) => {
        own.act(observations, count, undefined, actions, logProbabilities);
        if (!randoms) return;
        // σ = 1 + 0.05 · noise of the probe: 1.25 times that.
        for (let i = 0; i < 2 * count; i++) {
          actions[i] = (actions[i] as number) + 1.25 * (randoms[Math.floor(i / 2)]?.normal() ?? 0);
        }
      }),
    ),
    CONTINUOUS,
    'Sampled actions do not follow logProbability()',
  ],
  [
    'log-probabilities of an actor that lack a constant',
    having(
      gaussian(),
      acting((own) => (observations, count, randoms, actions, logProbabilities) => {
        own.act(observations, count, randoms, actions, logProbabilities);
        for (let i = 0; i < count; i++) logProbabilities[i] = (logProbabilities[i] as number) + Math.log(2 * Math.PI);
      }),
    ),
    CONTINUOUS,
    'Make the actor compute the same distribution',
  ],
  [
    'actions from Math.random',
    having(
      categorical(),
      acting((own) => (observations, count, randoms, actions, logProbabilities) => {
        own.act(
          observations,
          count,
          randoms?.map(() => ({ uniform: Math.random }) as never),
          actions,
          logProbabilities,
        );
      }),
    ),
    DISCRETE,
    'different actions from the same streams',
  ],
  [
    'greedy actions only',
    having(
      categorical(),
      acting(
        (own) =>
          (observations, count, _randoms, ...rest) =>
            own.act(observations, count, undefined, ...rest),
      ),
    ),
    DISCRETE,
    'The actor chose the same actions from other streams',
  ],
  [
    'one stream for all rows',
    having(
      gaussian(),
      acting((own) => (observations, count, randoms, ...rest) => {
        own.act(
          observations,
          count,
          randoms?.map(() => randoms[0] as never),
          ...rest,
        );
      }),
    ),
    CONTINUOUS,
    'A row gets another action when it is alone',
  ],
  [
    'the parameters of the actor that was made last',
    having(gaussian(), (own) => ({
      actor: (theta: Float64Array) => {
        shared = theta;
        return { act: (...given: Parameters<Actor['act']>) => own.actor(shared as Float64Array).act(...given) };
      },
    })),
    CONTINUOUS,
    'Let each keep its own parameters',
  ],
  [
    'writes beyond the rows that count',
    having(
      gaussian(),
      acting((own) => (observations, count, randoms, actions, logProbabilities) => {
        own.act(observations, count, randoms, actions, logProbabilities);
        logProbabilities.fill(0, count);
      }),
    ),
    CONTINUOUS,
    'The actor wrote to rows beyond `count`',
  ],
  [
    'actions that are not choices',
    having(
      categorical(),
      acting((own) => (observations, count, randoms, actions, logProbabilities) => {
        own.act(observations, count, randoms, actions, logProbabilities);
        for (let i = 0; i < count; i++) actions[i] = (actions[i] as number) + 1;
      }),
    ),
    DISCRETE,
    'The actor chose the action 4. Choose a whole number from 0 to 3',
  ],
  [
    'a greedy actor that takes the least likely choice',
    having(
      categorical(),
      acting((own) => (observations, count, randoms, actions, logProbabilities) => {
        own.act(observations, count, randoms, actions, logProbabilities);
        if (!randoms) for (let i = 0; i < count; i++) actions[i] = ((actions[i] as number) + 2) % 4;
      }),
    ),
    DISCRETE,
    'Take the mode of the distribution',
  ],
];

describe('a policy that has', () => {
  test.each(BROKEN)('%s', (_name, policy, spaces, sentence) => expectRefused(policy, spaces, sentence));
});
