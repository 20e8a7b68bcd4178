import { defineComponent, definePlugin, TOKENS } from '@innerloop/core';
import { z } from 'zod';
import { createPolicyGradientTrainer } from './create-trainer.js';

/** `trainer: { use: policy-gradient }` */
export const policyGradientTrainerComponent = defineComponent({
  kind: 'trainer',
  name: 'policy-gradient',
  summary: 'Trains one policy without meta-learning: VPG with the optimizer gradient, TRPO with trpo',
  choose:
    'For a single task, or as the comparison that meta-learning has to beat: one policy for all tasks, which does ' +
    'not adapt. It is the only trainer that serves `mlp-value` and `observation-normalization`; it works in the ' +
    'main thread, without workers. Where tasks differ and the policy cannot see which one it is in, take `maml`.',
  options: z.strictObject({
    stepsPerIteration: z
      .int()
      .min(1)
      .default(4000)
      .describe(
        'Environment steps of an iteration, over all tasks: whole episodes are collected until there are so many',
      ),
    episodesPerIteration: z
      .int()
      .min(1)
      .max(2 ** 28)
      .nullable()
      .default(null)
      .describe('Episodes of an iteration, over all tasks, in place of a number of steps; null goes by the steps'),
    tasksPerIteration: z
      .int()
      .min(1)
      .max(2 ** 20)
      .default(1)
      .describe('Tasks sampled in each iteration, each with the same share of the steps or episodes (rounded up)'),
    engine: z
      .enum(['auto', 'kernels', 'graph'])
      .default('auto')
      .describe(
        'Recorded graphs on the tensor backend, for any policy, or derivatives written out on SIMD kernels, for the built-in policies; ' +
          'auto takes the kernels where they can serve, unless the backend is cpu',
      ),
  }),
  slots: ['optimizer'],
  adapts: false,
  learnsWrappers: true,
  inject: {
    tasks: TOKENS.tasks,
    policy: TOKENS.policy,
    advantages: TOKENS.advantages,
    baseline: TOKENS.baseline,
    optimizer: TOKENS.optimizer,
    wrappers: TOKENS.wrappers,
    events: TOKENS.events,
    checks: TOKENS.checks,
    run: TOKENS.run,
  },
  create: (options, parts) => createPolicyGradientTrainer(parts, options),
});

/** The components of `@innerloop/policy-gradient`. */
export const policyGradientPlugin = definePlugin({
  name: '@innerloop/policy-gradient',
  version: '0.1.0',
  requires: '^0.1.0',
  module: import.meta.url,
  components: [policyGradientTrainerComponent],
});
