import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  type Actor,
  CategoricalMlpPolicy,
  constant,
  GaussianMlpPolicy,
  ops,
  type Policy,
  type PolicyHead,
  type Spaces,
  type Tensor,
  useBackend,
} from '../src/index.js';
import { node } from '../src/numerics/tensor.js';
import { checkPolicy } from '../src/testing/index.js';

await useBackend('cpu');

const box = (n: number) => ({ kind: 'box' as const, low: Array(n).fill(-2), high: Array(n).fill(2) });
const CONTINUOUS: Spaces = { observationSpace: box(3), actionSpace: box(2) };
const DISCRETE: Spaces = { observationSpace: box(3), actionSpace: { kind: 'discrete', count: 4 } };
const gaussian = (options = {}) => new GaussianMlpPolicy(CONTINUOUS, { hiddenSizes: [6], ...options });
const categorical = (options = {}) => new CategoricalMlpPolicy(DISCRETE, { hiddenSizes: [6], ...options });

describe('our policies pass', () => {
  test.each<[string, Policy, Spaces]>([
    ['gaussian-mlp', gaussian(), CONTINUOUS],
    ['gaussian-mlp, two layers of relu', gaussian({ hiddenSizes: [8, 8], activation: 'relu' }), CONTINUOUS],
    [
      'gaussian-mlp, sigmoid, orthogonal',
      gaussian({ activation: 'sigmoid', initialization: 'orthogonal' }),
      CONTINUOUS,
    ],
    ['gaussian-mlp, fixed', gaussian({ logStd: 'fixed', initialStd: 0.3 }), CONTINUOUS],
    ['gaussian-mlp, state-dependent', gaussian({ logStd: 'state-dependent' }), CONTINUOUS],
    ['gaussian-mlp, linear, small', gaussian({ hiddenSizes: [], initialStd: 0.1 }), CONTINUOUS],
    ['categorical-mlp', categorical(), DISCRETE],
    ['categorical-mlp, linear', categorical({ hiddenSizes: [] }), DISCRETE],
  ])('%s', async (_name, policy, spaces) => {
    await checkPolicy(policy, spaces);
    await checkPolicy(policy, spaces, { seed: 20 });
  });
});

/** A policy with other members; `writtenOut` is left away unless given. */
function having<P extends Policy>(policy: P, members: (policy: P) => Partial<Record<keyof Policy, unknown>>): Policy {
  const changed = Object.create(policy) as Policy;
  for (const [name, value] of Object.entries({ writtenOut: undefined, ...members(policy) })) {
    Object.defineProperty(changed, name, { value });
  }
  return changed;
}

/** An actor that does more, or something else, than the policy's own. */
const acting =
  (change: (own: Actor, theta: Float64Array) => Actor['act']) =>
  (policy: Policy): Partial<Record<keyof Policy, unknown>> => ({
    actor: (theta: Float64Array) => ({ act: change(policy.actor(theta), theta) }),
  });

/** A head with other members. */
const head = (own: PolicyHead, members: Partial<PolicyHead>): PolicyHead => Object.assign(Object.create(own), members);

/** e^x as tfjs differentiates it: once, and not again. */
const onceDifferentiable = (x: Tensor): Tensor => {
  const y = tf.exp(x.data);
  return node(y, [x], [(dy) => node(tf.mul(dy.data, y))]);
};

let shared: Float64Array | undefined;

const BROKEN: readonly [string, Policy, Spaces, string][] = [
  [
    'the wrong length of an action',
    having(gaussian(), () => ({ actionSize: 3 })),
    CONTINUOUS,
    'actionSize is 3. Make it 2',
  ],
  [
    'too few first parameters',
    having(gaussian(), (own) => ({ initialize: (random: never) => own.initialize(random).slice(1) })),
    CONTINUOUS,
    'initialize() gave 39 numbers, but the layout has 40', // (3 + 1) · 6 + (6 + 1) · 2 + 2 = 40
  ],
  [
    'first parameters at random',
    having(gaussian(), (own) => ({
      initialize: (random: never) => own.initialize(random).map((x) => x + Math.random()),
    })),
    CONTINUOUS,
    'different numbers from the same stream',
  ],
  [
    'a sum over states',
    having(gaussian(), (own) => ({
      logProbability: (at: never, actions: Tensor) => ops.sum(own.logProbability(at, actions)),
    })),
    CONTINUOUS,
    'logProbability() gave 1 numbers for 7 states',
  ],
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
  [
    'numbers in place of tensors',
    having(gaussian(), (own) => ({
      distribution: (parameters: Tensor[], observations: Tensor) =>
        own.distribution(
          [...parameters.slice(0, -1), constant((parameters.at(-1) as Tensor).values(), [2])],
          observations,
        ),
    })),
    CONTINUOUS,
    "'logStd' changes log-probabilities",
  ],
  [
    'a derivative that is half of what it should be',
    having(gaussian(), (own) => ({
      distribution: (parameters: Tensor[], observations: Tensor) =>
        own.distribution(
          parameters.map((x, i) => (i === 2 ? node(tf.clone(x.data), [x], [(dy) => ops.scale(dy, 0.5)]) : x)),
          observations,
        ),
    })),
    CONTINUOUS,
    "The derivative of log-probabilities along 'output/weights' is",
  ],
  [
    'an operation that cannot be differentiated again',
    having(gaussian({ hiddenSizes: [] }), (own) => ({
      logProbability: ([mean, logStd]: [Tensor, Tensor], actions: Tensor) => {
        const n = mean.shape[0] as number;
        const precision = ops.spreadRows(onceDifferentiable(ops.scale(logStd, -2)), n);
        const squares = ops.sumColumns(ops.mul(ops.square(ops.sub(actions, mean)), precision));
        const rest = ops.shift(ops.neg(ops.sum(logStd)), -own.actionSize * 0.5 * Math.log(2 * Math.PI));
        return ops.add(ops.scale(squares, -0.5), ops.fill(rest, [n]));
      },
    })),
    CONTINUOUS,
    'Second derivatives of log-probabilities are off',
  ],
  [
    'sizes of another network',
    having(gaussian(), (own) => ({ writtenOut: { ...own.writtenOut, sizes: [3, 5, 2] } })),
    CONTINUOUS,
    'writtenOut has 3 inputs and 34 parameters',
  ],
  [
    'a head whose gradient has the wrong sign',
    having(categorical(), (own) => ({
      writtenOut: {
        ...own.writtenOut,
        head: head(own.writtenOut.head, {
          gradient: (at, actions, w, into) =>
            own.writtenOut.head.gradient(
              at,
              actions,
              w.map((x) => -x),
              into,
            ),
        }),
      },
    })),
    DISCRETE,
    'gradient (by ',
  ],
  [
    'a head that forgets u',
    having(gaussian(), (own) => ({
      writtenOut: {
        ...own.writtenOut,
        head: head(own.writtenOut.head, {
          tangent: (at, actions, w, _u, along, into) =>
            own.writtenOut.head.tangent(at, actions, w, undefined, along, into),
        }),
      },
    })),
    CONTINUOUS,
    'tangent (by ',
  ],
  [
    'a Fisher product that is a sum over states',
    having(gaussian(), (own) => ({
      writtenOut: {
        ...own.writtenOut,
        head: head(own.writtenOut.head, {
          fisher: (at, along, into) => {
            own.writtenOut.head.fisher(at, along, into);
            into.outputs.values.forEach((x, i, values) => {
              values[i] = x * at.outputs.count;
            });
          },
        }),
      },
    })),
    CONTINUOUS,
    'fisher (by ',
  ],
];

describe('a policy that has', () => {
  test.each(BROKEN)('%s', async (_name, policy, spaces, sentence) => {
    const check = checkPolicy(policy, spaces);
    await expect(check).rejects.toMatchObject({ code: 'CONTRACT_BROKEN' });
    await expect(check).rejects.toThrow(sentence);
  });

  test('a mistake that throws', async () => {
    const policy = having(gaussian(), () => ({
      entropy: () => {
        throw new Error('not yet');
      },
    }));
    await expect(checkPolicy(policy, CONTINUOUS)).rejects.toThrow('Recording a distribution threw: not yet');
  });
});
