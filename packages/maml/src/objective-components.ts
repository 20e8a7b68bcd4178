import { defineComponent, TOKENS, type WorkerPlan } from '@innerloop/core';
import { z } from 'zod';
import { E_MAML_LOSS, ExplorationWeights } from './e-maml.js';
import { LossObjective } from './loss-objective.js';
import { MamlObjective } from './objective.js';
import { KlPenalty, prompLoss } from './promp.js';
import { ReptileObjective } from './reptile.js';

const derivative = z
  .enum(['exact', 'first-order'])
  .default('exact')
  .describe('Differentiate through the adaptation, or take its Jacobian as the identity (FOMAML)');

const curvature = z
  .enum(['gauss-newton', 'finite-difference', 'double-backprop'])
  .default('gauss-newton')
  .describe(
    'How products with the Hessian of the KL divergence are computed; all three agree at the current parameters',
  );

const engine = z
  .enum(['auto', 'kernels', 'graph'])
  .default('auto')
  .describe(
    'Recorded graphs on the tensor backend, for any policy and inner optimizer, or derivatives written out on SIMD kernels, ' +
      'for vpg on the built-in policies with gauss-newton; auto takes the kernels where they can serve, unless the backend is cpu',
  );

const curvatureSubsample = z
  .number()
  .positive()
  .max(1)
  .default(1)
  .describe(
    'Share of the steps after adaptation that the Fisher matrix is estimated on, as every n-th step; the TRPO paper uses 0.1',
  );

const graphMemory = z
  .number()
  .min(0)
  .default(512)
  .describe(
    'Megabytes of recorded graphs kept between curvature products; tasks beyond it record anew, for the same numbers',
  );

const inject = { policy: TOKENS.policy, inner: TOKENS.inner, workers: TOKENS.workers };

/** Each worker makes an objective of its own; together they keep what one would. */
const shareOf = (megabytes: number, workers: WorkerPlan) => megabytes / Math.max(1, workers.count);

/** `objective: { use: maml }` */
export const mamlObjectiveComponent = defineComponent({
  kind: 'objective',
  name: 'maml',
  summary: 'The surrogate after adaptation, differentiated through adaptation',
  choose:
    'The first choice with the trainer `maml`. `derivative: exact` needs second derivatives: for `vpg` and `anil` ' +
    'on the built-in policies the kernels have them in less than half the time of recorded graphs, `first-order` ' +
    'does without them and ignores how the start shapes the step. It gives no credit for data that were good to ' +
    'learn from: where exploring must be learned, take `e-maml`.',
  options: z.strictObject({ derivative, curvature, engine, curvatureSubsample, graphMemory }),
  inject,
  create: (options, { policy, inner, workers }) =>
    new MamlObjective(policy, inner, { ...options, graphMemory: shareOf(options.graphMemory, workers) }),
});

/** `objective: { use: e-maml }` */
export const eMamlObjectiveComponent = defineComponent({
  kind: 'objective',
  name: 'e-maml',
  summary: 'MAML, with credit for the data that adaptation learns from (E-MAML)',
  choose:
    'Where a task must first be found out about, as with sparse rewards: data that led to better returns than other ' +
    "tasks' become likelier. It runs on recorded graphs (2.0 s an iteration of a small 2D navigation, where `maml` " +
    'took 0.8), is noisy with few tasks and does nothing more than `maml` with one task an iteration. Begin with ' +
    '`maml`: on Bernoulli bandits (one seed) `e-maml` fell less in a long training, but never reached the best of ' +
    '`maml`.',
  options: z.strictObject({
    exploration: z
      .number()
      .min(0)
      .default(1)
      .describe('Weight of the exploration term, from 0, which is MAML; usual range 0.1 to 1'),
    derivative,
    curvature,
    curvatureSubsample,
    graphMemory,
  }),
  inject,
  create: ({ exploration, ...options }, { policy, inner, workers }) =>
    new LossObjective(
      { policy, inner, loss: E_MAML_LOSS, weights: new ExplorationWeights(exploration) },
      { ...options, graphMemory: shareOf(options.graphMemory, workers) },
    ),
});

/** `objective: { use: promp }` */
export const prompObjectiveComponent = defineComponent({
  kind: 'objective',
  name: 'promp',
  summary: 'Clipped surrogate after adaptation and a KL penalty before it, for several gradient epochs (ProMP)',
  choose:
    'Where episodes are dear: several gradient steps on the same data, without conjugate gradient. Take `meta: ' +
    'gradient` with `epochs` above 1, since with one neither `clip` nor the penalty acts, and `loss: ' +
    'likelihood-ratio` in the inner optimizer. It runs on recorded graphs, and only a `kl-limit` check limits its ' +
    'steps; where episodes are cheap, take `maml` with `trpo`.',
  options: z
    .strictObject({
      clip: z
        .number()
        .positive()
        .default(0.3)
        .describe(
          'Clipping range ε: likelihood ratios beyond 1 ± ε bring no further gain; usual range 0.1 to 0.5. It acts from the second of the ' +
            "optimizer's epochs on, since all ratios are 1 in the first",
        ),
      klCoefficient: z
        .number()
        .min(0)
        .default(5e-4)
        .describe(
          'Coefficient η of the KL divergence of the policies before adaptation, from 0; usual range 1e-4 to 1e-2. It acts from the second ' +
            "of the optimizer's epochs on, since the divergence is flat in the first",
        ),
      klTarget: z
        .number()
        .positive()
        .nullable()
        .default(null)
        .describe(
          'Halve or double η, which must be above 0, after each step to keep that KL divergence near this many nats; null leaves η as it is',
        ),
      derivative,
      graphMemory,
    })
    .refine(({ klCoefficient, klTarget }) => klTarget === null || klCoefficient > 0, {
      path: ['klCoefficient'],
      message: 'a number above 0, since klTarget halves and doubles it, which leaves 0 as it is',
    }),
  inject,
  create: ({ clip, klCoefficient, klTarget, ...options }, { policy, inner, workers }) =>
    new LossObjective(
      { policy, inner, loss: prompLoss(policy, clip), weights: new KlPenalty(klCoefficient, klTarget) },
      { ...options, curvature: 'gauss-newton', graphMemory: shareOf(options.graphMemory, workers) },
    ),
});

/** `objective: { use: reptile }` */
export const reptileObjectiveComponent = defineComponent({
  kind: 'objective',
  name: 'reptile',
  summary: 'Half the squared distance to the adapted parameters, for plain gradient descent (Reptile)',
  choose:
    'For the least work in an iteration, and for inner steps that cannot be differentiated: 0.3 s an iteration of a ' +
    'small 2D navigation, with three inner steps, where `maml` took 0.8 with one. Take two inner steps or more, and ' +
    '`meta: gradient` with `method: sgd`; `trpo` is refused, since there is no curvature, and so is `meta-sgd`. ' +
    'With one inner step it only trains on all tasks jointly: take `maml` there.',
  options: z.strictObject({ engine }),
  inject: { policy: TOKENS.policy, inner: TOKENS.inner },
  create: (options, { policy, inner }) => new ReptileObjective(policy, inner, options),
});
