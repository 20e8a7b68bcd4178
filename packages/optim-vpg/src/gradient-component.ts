import { defineComponent, TOKENS } from '@innerloop/core';
import { z } from 'zod';
import { GradientOptimizer } from './gradient.js';

const decay = () => z.number().min(0).lt(1);

/** The component behind `meta: { use: gradient }` and `optimizer: { use: gradient }`. */
export const gradientComponent = defineComponent({
  kind: 'policy-optimizer',
  name: 'gradient',
  summary: 'Gradient descent or Adam on the loss, with momentum, clipping and a schedule of step sizes',
  choose:
    'For VPG, `promp` and `reptile`: an update takes one gradient for each of its `epochs` and no curvature ' +
    'products. Nothing limits how far it moves the policy, so the `learningRate` has to be found, and a `kl-limit` ' +
    'check is worth having. Where the objective has curvature, begin with `trpo`.',
  options: z
    .strictObject({
      method: z.enum(['sgd', 'adam']).default('adam').describe('Plain gradient descent (sgd), or Adam'),
      learningRate: z
        .number()
        .positive()
        .default(1e-3)
        .describe('Step size of the first update; above 0, usually 1e-4 to 1e-2 for adam and 1e-2 to 1 for sgd'),
      schedule: z
        .enum(['constant', 'linear', 'cosine'])
        .default('constant')
        .describe(
          'How the step size falls over run.iterations: not at all, in a line towards 0, or as half a cosine. A run that resume takes further ' +
            'keeps the small step size of its last iteration',
        ),
      momentum: decay()
        .default(0)
        .describe('sgd: share of the step before that is added to each; 0 or above and below 1, usually 0.9'),
      beta1: decay().default(0.9).describe('Adam: decay of the mean gradient; 0 or above and below 1'),
      beta2: decay().default(0.999).describe('Adam: decay of the mean squared gradient; 0 or above and below 1'),
      epsilon: z.number().positive().default(1e-8).describe('Adam: added to the root of the mean square; above 0'),
      maxGradientNorm: z
        .number()
        .positive()
        .nullable()
        .default(null)
        .describe('A longer gradient is scaled to this norm; above 0, or null for no limit'),
      epochs: z
        .int()
        .min(1)
        .max(1000)
        .default(1)
        .describe('Steps that an update takes on the same data, each with a gradient of its own; 1 to 1000'),
    })
    .refine(({ method, momentum }) => method === 'sgd' || momentum === 0, {
      path: ['momentum'],
      message: "0, since method 'adam' has beta1 in its place",
    }),
  inject: { run: TOKENS.run },
  create: (options, { run }) => new GradientOptimizer(options, run.iterations),
});
