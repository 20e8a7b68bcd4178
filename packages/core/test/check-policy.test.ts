import { describe, expect, test } from 'vitest';
import { ops, type Policy, type Spaces, type Tensor, useBackend } from '../src/index.js';
import { checkPolicy } from '../src/testing/index.js';
import {
  type Broken,
  CONTINUOUS,
  categorical,
  DISCRETE,
  expectRefused,
  gaussian,
  having,
} from './support/broken-policies.js';

await useBackend('cpu');

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

const BROKEN: readonly Broken[] = [
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
];

describe('a policy that has', () => {
  test.each(BROKEN)('%s', (_name, policy, spaces, sentence) => expectRefused(policy, spaces, sentence));

  test('a mistake that throws', async () => {
    const policy = having(gaussian(), () => ({
      entropy: () => {
        throw new Error('not yet');
      },
    }));
    await expect(checkPolicy(policy, CONTINUOUS)).rejects.toThrow('Recording a distribution threw: not yet');
  });
});
