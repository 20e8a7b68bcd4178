import * as tf from '@tensorflow/tfjs-core';
import { describe, test } from 'vitest';
import { constant, ops, type Tensor, useBackend } from '../src/index.js';
import { node } from '../src/numerics/tensor.js';
import { type Broken, CONTINUOUS, expectRefused, gaussian, having } from './support/broken-policies.js';

await useBackend('cpu');

/** e^x as tfjs differentiates it: once, and not again. */
const onceDifferentiable = (x: Tensor): Tensor => {
  const y = tf.exp(x.data);
  return node(y, [x], [(dy) => node(tf.mul(dy.data, y))]);
};

const BROKEN: readonly Broken[] = [
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
];

describe('a policy that has', () => {
  test.each(BROKEN)('%s', (_name, policy, spaces, sentence) => expectRefused(policy, spaces, sentence));
});
