import { defineComponent, definePlugin, TOKENS } from '@innerloop/core';
import { z } from 'zod';
import { gradientComponent } from './gradient-component.js';
import { VpgInnerOptimizer } from './vpg.js';

const learningRate = z.number().positive();

/** `inner: { use: vpg }` */
export const vpgComponent = defineComponent({
  kind: 'inner-optimizer',
  name: 'vpg',
  summary: 'One vanilla policy gradient step per adaptation step',
  options: z.strictObject({
    learningRate: z
      .union([learningRate, z.array(learningRate).min(1)])
      .default(0.1)
      .describe('Step size α of the adaptation: a number, or one for each step (the last is repeated)'),
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
  }),
  inject: { policy: TOKENS.policy },
  create: (options, { policy }) => new VpgInnerOptimizer(policy, options),
});

/** The components of `@innerloop/optim-vpg`: inner optimizer `vpg` and policy optimizer `gradient`. */
export const vpgPlugin = definePlugin({
  name: '@innerloop/optim-vpg',
  version: '0.1.0',
  requires: '^0.1.0',
  module: import.meta.url,
  components: [vpgComponent, gradientComponent],
});
