import { type ExperimentConfig, type InnerParameters, OWN_OBJECT } from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import { create } from './support/create-experiment.js';
import {
  FAKE_CONFIG,
  labelled,
  makeCheck,
  makeLogger,
  makeObjective,
  makeOptimizer,
  makePolicy,
  makeTasks,
  makeTrainer,
  makeWrapper,
} from './support/experiment-fakes.js';

describe('objects of the user instead of names', () => {
  test('in every slot and list', async () => {
    const config: ExperimentConfig = {
      ...FAKE_CONFIG,
      objective: labelled('mine', makeObjective()),
      tasks: labelled('mine', makeTasks()),
      policy: labelled('mine', makePolicy()),
      inner: labelled('mine', { adapt: ({ policy }: InnerParameters) => policy }),
      meta: labelled('mine', makeOptimizer()),
      advantages: labelled('mine', {
        discount: 1,
        normalize: false,
        estimate: ({ rewards }: { rewards: Float64Array }) => rewards,
      }),
      baseline: labelled('mine', { fitted: 'after-update' as const, create: () => ({}) as never }),
      checks: ['first', labelled('mine', makeCheck('mine'))],
      loggers: [makeLogger()],
    };
    const experiment = await create(config);
    const { metrics } = await experiment.trainer.iterate(1);
    for (const slot of ['objective', 'tasks', 'policy', 'inner', 'meta', 'advantages', 'baseline'] as const) {
      expect(metrics[slot], slot).toBe('mine');
      expect(experiment.config[slot]).toEqual({ use: OWN_OBJECT });
    }
    expect(metrics.checks).toBe('first:5,mine');
    expect(experiment.config.checks).toEqual([{ use: 'first', level: 5 }, { use: OWN_OBJECT }]);
    expect(experiment.config.loggers).toEqual([{ use: OWN_OBJECT }]);
    expect(JSON.parse(JSON.stringify(experiment.config))).toEqual(experiment.config);
  });

  test('objects of a class, and a trainer, which may stand beside any slots', async () => {
    class Mine {
      readonly name = 'from a class';
      verdict() {
        return { kind: 'ok' as const };
      }
    }
    const trainer = makeTrainer({});
    const { tasks, policy, meta } = FAKE_CONFIG;
    const experiment = await create({ trainer, tasks, policy, meta, checks: [new Mine()], wrappers: [makeWrapper()] });
    expect(experiment.trainer).toBe(trainer);
    expect(experiment.checks[0]?.name).toBe('from a class');
    expect(experiment.tasks.actionSpace).toEqual({ kind: 'discrete', count: 3 });
  });
});
