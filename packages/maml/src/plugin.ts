import { defineComponent, definePlugin, InnerloopError, startWorkerShards, TOKENS } from '@innerloop/core';
import { z } from 'zod';
import { Adapter } from './adapter.js';
import {
  eMamlObjectiveComponent,
  mamlObjectiveComponent,
  prompObjectiveComponent,
  reptileObjectiveComponent,
} from './objective-components.js';
import { LocalShard, type ShardSettings } from './shard.js';
import { MamlTrainer } from './trainer.js';

/** `trainer: { use: maml }` */
export const mamlTrainerComponent = defineComponent({
  kind: 'trainer',
  name: 'maml',
  summary: 'Meta-learns initial parameters that adapt to a new task in a few inner steps',
  choose:
    'For a distribution of tasks where what counts is how well a policy does after a few gradient steps on a new ' +
    'one. Each iteration collects data before every adaptation step and after the last, and is shared among worker ' +
    'threads, at most one for each task. For a single task, or where one policy can serve all, take ' +
    '`policy-gradient`; so too for `mlp-value` and `observation-normalization`, which this trainer refuses.',
  options: z.strictObject({
    tasksPerIteration: z.int().min(1).default(20).describe('Tasks sampled in each iteration (the meta-batch)'),
    rolloutsPerTask: z
      .int()
      .min(1)
      .default(20)
      .describe('Episodes per task, before each adaptation step and after the last'),
    adaptationSteps: z
      .int()
      .min(0)
      .max(100)
      .default(1)
      .describe('Inner steps K in training; 0 trains one policy for all tasks'),
  }),
  slots: ['objective', 'inner', 'meta'],
  workers: {
    entry: new URL('./shard-worker.js', import.meta.url),
    needs: [TOKENS.tasks, TOKENS.policy, TOKENS.inner, TOKENS.advantages, TOKENS.baseline, TOKENS.objective],
    most: ({ tasksPerIteration }) => tasksPerIteration,
  },
  inject: {
    tasks: TOKENS.tasks,
    policy: TOKENS.policy,
    inner: TOKENS.inner,
    advantages: TOKENS.advantages,
    baseline: TOKENS.baseline,
    objective: TOKENS.objective,
    optimizer: TOKENS.meta,
    events: TOKENS.events,
    checks: TOKENS.checks,
    run: TOKENS.run,
    workers: TOKENS.workers,
  },
  create: (options, { objective, optimizer, events, checks, run, workers, ...parts }) => {
    if (parts.baseline.fitted === 'after-update') {
      throw new InnerloopError(
        'CONFIG_INVALID',
        "baseline: the trainer 'maml' gives every batch a baseline of its own, so one that is fitted after the update would never be " +
          'fitted. Use one that is fitted before the advantages, such as linear-feature, or zero.',
      );
    }
    const adapter = new Adapter({ ...parts, objective });
    const settings: ShardSettings = { seed: run.seed, ...options };
    const shards =
      workers.count === 0 ? [new LocalShard(adapter, objective, settings)] : startWorkerShards(workers, settings);
    return new MamlTrainer({ adapter, shards, optimizer, events, checks }, { seed: run.seed, ...options });
  },
});

/** The components of `@innerloop/maml`. */
export const mamlPlugin = definePlugin({
  name: '@innerloop/maml',
  version: '0.1.0',
  requires: '^0.1.0',
  module: import.meta.url,
  components: [
    mamlTrainerComponent,
    mamlObjectiveComponent,
    eMamlObjectiveComponent,
    prompObjectiveComponent,
    reptileObjectiveComponent,
  ],
});
