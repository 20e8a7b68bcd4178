import { defineComponent, definePlugin, TOKENS } from '@innerloop/core';
import { z } from 'zod';
import { MetaSgd } from './meta-sgd.js';

export { MetaSgd, type MetaSgdOptions } from './meta-sgd.js';

/** `inner: { use: meta-sgd }` */
export const metaSgdComponent = defineComponent({
  kind: 'inner-optimizer',
  name: 'meta-sgd',
  summary: 'A gradient step with a meta-learned step size for every parameter (Meta-SGD)',
  options: z.strictObject({
    learningRate: z
      .number()
      .positive()
      .default(0.1)
      .describe('Step size that every parameter starts with, above 0; usual range 0.01 to 0.5'),
  }),
  inject: { policy: TOKENS.policy },
  create: (options, { policy }) => new MetaSgd(policy, options),
});

/** What `plugins: [innerloop-plugin-meta-sgd]` adds. */
export const metaSgdPlugin = definePlugin({
  name: 'innerloop-plugin-meta-sgd',
  version: '0.1.0',
  requires: '^0.1.0',
  module: import.meta.url,
  components: [metaSgdComponent],
});
