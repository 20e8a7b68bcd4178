import { defineComponent, definePlugin, TOKENS } from '@innerloop/core';
import { z } from 'zod';
import { Lslr } from './lslr.js';

export { Lslr, type LslrOptions } from './lslr.js';

/** `inner: { use: lslr }` */
export const lslrComponent = defineComponent({
  kind: 'inner-optimizer',
  name: 'lslr',
  summary: 'A gradient step with a meta-learned step size for every layer and adaptation step (LSLR)',
  choose:
    'If no single step size fits all layers or all adaptation steps. It has far fewer of them to learn than `meta-sgd`, ' +
    'and runs on recorded graphs as that does; where one step size serves, take `vpg`, which has the kernels.',
  options: z.strictObject({
    learningRate: z
      .number()
      .positive()
      .default(0.1)
      .describe('Step size that every layer starts with, above 0; usual range 0.01 to 0.5'),
    steps: z
      .int()
      .min(1)
      .default(1)
      .describe('Adaptation steps that have step sizes of their own, from 1; usually trainer.adaptationSteps'),
  }),
  inject: { policy: TOKENS.policy },
  create: (options, { policy }) => new Lslr(policy, options),
});

/** What `plugins: [innerloop-plugin-lslr]` adds. */
export const lslrPlugin = definePlugin({
  name: 'innerloop-plugin-lslr',
  version: '0.1.0',
  requires: '^0.1.0',
  module: import.meta.url,
  components: [lslrComponent],
});
