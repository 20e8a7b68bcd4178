import { defineComponent, definePlugin } from '@innerloop/core';
import { z } from 'zod';
import { TRPO_DEFAULTS, trpo } from './trpo.js';

/** The options of `use: trpo`. */
export const trpoOptions = z.strictObject({
  maxKl: z
    .number()
    .positive()
    .default(TRPO_DEFAULTS.maxKl)
    .describe('KL limit δ of a step, in nats; above 0, usually 0.005 to 0.02'),
  cgIterations: z
    .int()
    .min(1)
    .max(1000)
    .default(TRPO_DEFAULTS.cgIterations)
    .describe('Most steps of conjugate gradient, one curvature product each; 1 to 1000, usually 10 to 20'),
  cgDamping: z
    .number()
    .nonnegative()
    .default(TRPO_DEFAULTS.cgDamping)
    .describe('Damping λ added to the diagonal of the KL Hessian; 0 or above, usually 1e-5 to 0.1'),
  cgTolerance: z
    .number()
    .nonnegative()
    .default(TRPO_DEFAULTS.cgTolerance)
    .describe('Conjugate gradient stops below this squared residual; 0 or above, rarely changed'),
  backtrackCoefficient: z
    .number()
    .gt(0)
    .lt(1)
    .default(TRPO_DEFAULTS.backtrackCoefficient)
    .describe('Factor α between one step of the line search and the next; between 0 and 1, usually 0.5 to 0.8'),
  maxBacktracks: z
    .int()
    .min(0)
    .max(1000)
    .default(TRPO_DEFAULTS.maxBacktracks)
    .describe('How many shorter steps K are tried after the full one; 0 to 1000, usually 10 to 15'),
});

/** The component behind `meta: { use: trpo }` and `optimizer: { use: trpo }`. */
export const trpoComponent = defineComponent({
  kind: 'policy-optimizer',
  name: 'trpo',
  summary: 'Trust region policy optimization: conjugate gradient and a backtracking line search under a KL limit',
  choose:
    'The first choice for the objective `maml` and for `policy-gradient`: `maxKl` limits a step in nats, however ' +
    'the network is parametrised. It takes up to `cgIterations` curvature products and one more, 71 % of the time ' +
    'of a meta-iteration of 2D navigation. `reptile` has no curvature and is refused; take `gradient` for it, and ' +
    'for `promp`.',
  options: trpoOptions,
  create: (options) => trpo(options),
});

/** This package as a plugin. */
export const trpoPlugin = definePlugin({
  name: '@innerloop/optim-trpo',
  version: '0.1.0',
  requires: '^0.1.0',
  module: import.meta.url,
  components: [trpoComponent],
});
