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
  options: z.strictObject({ learningRate, ...lossOptions }),
  inject: { policy: TOKENS.policy },
  create: (options, { policy }) => new VpgInnerOptimizer(policy, options),
});

/** `inner: { use: meta-sgd }` */
export const metaSgdComponent = defineComponent({
  kind: 'inner-optimizer',
  name: 'meta-sgd',
  summary: 'A policy gradient step with a meta-learned step size for every parameter (Meta-SGD)',
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
