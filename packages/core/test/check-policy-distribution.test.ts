import { describe, test } from 'vitest';
import { ops, type Tensor, useBackend } from '../src/index.js';
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

const BROKEN: readonly Broken[] = [
  [
    'an entropy without a constant',
    having(gaussian(), (own) => ({ entropy: (at: never) => ops.shift(own.entropy(at), -0.5) })),
    CONTINUOUS,
    'entropy() is not the mean of −log π over sampled actions',
  ],
  [
    'KL the other way round',
    having(gaussian(), (own) => ({ kl: (p: never, q: never) => own.kl(q, p) })),
    CONTINUOUS,
    'the order of its arguments',
  ],
  [
    'twice the KL',
    having(gaussian(), (own) => ({ kl: (p: never, q: never) => ops.scale(own.kl(p, q), 2) })),
    CONTINUOUS,
    'kl(p, q) is not the mean of log p − log q',
  ],
  [
    'a KL that is never 0',
    having(gaussian(), (own) => ({ kl: (p: never, q: never) => ops.shift(own.kl(p, q), 0.25) })),
    CONTINUOUS,
    'kl(p, p) is 0.25',
  ],
  [
    'log-probabilities as its distribution, which must sum to 1',
    having(categorical(), (own) => ({
      distribution: (parameters: never, observations: Tensor) =>
        own.distribution(parameters, observations).map(ops.logSoftmax),
      logProbability: ([logP]: [Tensor], actions: Tensor) => ops.sumColumns(ops.mul(logP, ops.oneHot(actions, 4))),
      kl: ([p]: [Tensor], [q]: [Tensor]) => ops.sumColumns(ops.mul(ops.exp(p), ops.sub(p, q))),
    })),
    DISCRETE,
    'use numbers that are free of constraints, such as logits',
  ],
  [
    'densities that integrate to 2π',
    having(gaussian(), (own) => ({
      logProbability: (at: never, actions: Tensor) => ops.shift(own.logProbability(at, actions), Math.log(2 * Math.PI)),
      actor: acting((actor) => (observations, count, randoms, actions, logProbabilities) => {
        actor.act(observations, count, randoms, actions, logProbabilities);
        for (let i = 0; i < count; i++) logProbabilities[i] = (logProbabilities[i] as number) + Math.log(2 * Math.PI);
      })(own).actor,
      entropy: (at: never) => ops.shift(own.entropy(at), -Math.log(2 * Math.PI)),
    })),
    CONTINUOUS,
    'The density of actions integrates to 6.',
  ],
];

describe('a policy that has', () => {
  test.each(BROKEN)('%s', (_name, policy, spaces, sentence) => expectRefused(policy, spaces, sentence));
});
