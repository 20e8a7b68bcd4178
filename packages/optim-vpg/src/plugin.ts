import { defineComponent, definePlugin, TOKENS } from '@innerloop/core';
import { z } from 'zod';
import { AnilInnerOptimizer } from './anil.js';
import { gradientComponent } from './gradient-component.js';
import { MetaSgdInnerOptimizer } from './meta-sgd.js';
import { VpgInnerOptimizer } from './vpg.js';

const stepSize = z.number().positive();

const learningRate = z
  .union([stepSize, z.array(stepSize).min(1)])
  .default(0.1)
  .describe('Step size α of the adaptation: a number, or one for each step (the last is repeated)');

const lossOptions = {
  loss: z
    .enum(['log-likelihood', 'likelihood-ratio'])
    .default('log-likelihood')
    .describe(
      'Loss of a step: -log π · Â, or -π/π_behaviour · Â, which has the same gradient but other second derivatives',
    ),
  average: z
    .enum(['steps', 'trajectories'])
    .default('steps')
    .describe("Divide the loss by the number of steps, or by the number of trajectories (the pseudocode's 1/|D|)"),
};

/** `inner: { use: vpg }` */
export const vpgComponent = defineComponent({
  kind: 'inner-optimizer',
  name: 'vpg',
  summary: 'One vanilla policy gradient step per adaptation step',
  choose:
    'The first choice: the inner step of the MAML paper, on the fast kernels with the built-in policies, with step ' +
    'sizes that an evaluation may replace. The `learningRate` has to be found by trial; where it is hard to find, ' +
    'take `meta-sgd`. Set `average: trajectories` where episodes get shorter with success: on 2D navigation one ' +
    'checkpoint then had −1.59 after three steps in place of −3.98.',
  options: z.strictObject({ learningRate, ...lossOptions }),
  inject: { policy: TOKENS.policy },
  create: (options, { policy }) => new VpgInnerOptimizer(policy, options),
});

/** `inner: { use: meta-sgd }` */
export const metaSgdComponent = defineComponent({
  kind: 'inner-optimizer',
  name: 'meta-sgd',
  summary: 'A policy gradient step with a meta-learned step size for every parameter (Meta-SGD)',
  choose:
    'If the step size is hard to choose or parameters differ in scale: every parameter learns its own. An iteration ' +
    'takes about three times that of `vpg` on kernels, `reptile` refuses it, and `stepSizes` of an evaluation do ' +
    'not apply. Train with as many `adaptationSteps` as will be used: trained for one step on 2D navigation, later ' +
    'steps made the policy worse (one seed).',
  options: z.strictObject({
    learningRate: stepSize
      .default(0.1)
      .describe('Step size that every parameter starts with, above 0; usual range 0.01 to 0.5'),
    ...lossOptions,
  }),
  inject: { policy: TOKENS.policy },
  create: (options, { policy }) => new MetaSgdInnerOptimizer(policy, options),
});

/** `inner: { use: anil }` */
export const anilComponent = defineComponent({
  kind: 'inner-optimizer',
  name: 'anil',
  summary: 'A policy gradient step of some layers only, by default the last (ANIL)',
  choose:
    'If tasks share their features: only the last layer adapts, and adaptation cannot spoil the others. It is no ' +
    'faster than `vpg`, since the gradient of the body is computed and dropped, and by default the standard ' +
    'deviation of `gaussian-mlp` stays as it is. Where tasks need features of their own, take `vpg`.',
  options: z.strictObject({
    learningRate,
    adapt: z
      .array(z.string().min(1))
      .min(1)
      .default(['output/*'])
      .describe(
        "Which of the policy's parameters are adapted: names such as output/bias, or patterns in which * stands for any characters",
      ),
    ...lossOptions,
  }),
  inject: { policy: TOKENS.policy },
  create: (options, { policy }) => new AnilInnerOptimizer(policy, options),
});

/** The components of `@innerloop/optim-vpg`: the inner optimizers `vpg`, `meta-sgd` and `anil`, and the policy optimizer `gradient`. */
export const vpgPlugin = definePlugin({
  name: '@innerloop/optim-vpg',
  version: '0.1.0',
  requires: '^0.1.0',
  module: import.meta.url,
  components: [vpgComponent, metaSgdComponent, anilComponent, gradientComponent],
});
