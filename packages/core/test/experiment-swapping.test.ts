import { type ExperimentConfig, TOKENS, type Token } from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import { create } from './support/create-experiment.js';
import { FAKE_CONFIG, labelOf } from './support/experiment-fakes.js';

describe('swapping components', () => {
  const SLOTS = ['trainer', 'objective', 'tasks', 'policy', 'inner', 'meta', 'advantages', 'baseline'] as const;

  test.each(SLOTS)('%s: a change of one line changes this component and no other', async (slot) => {
    const metricsOf = async (config: ExperimentConfig) => (await (await create(config)).trainer.iterate(1)).metrics;
    const before = await metricsOf(FAKE_CONFIG);
    const after = await metricsOf({ ...FAKE_CONFIG, [slot]: { use: 'second', level: 7 } });
    expect(before[slot]).toMatch(/^first/);
    expect(after).toEqual({ ...before, [slot]: slot === 'trainer' ? 'second' : 'second:7' });
  });

  test.each(['wrappers', 'checks', 'loggers'] as const)('%s: the entries are made in order', async (slot) => {
    const experiment = await create({ ...FAKE_CONFIG, [slot]: ['second', { use: 'first', level: 2 }] });
    const made: readonly object[] = experiment.get<readonly object[]>(TOKENS[slot] as Token<readonly object[]>);
    expect(made).toHaveLength(2);
    // Loggers are guarded, so their labels are inside.
    if (slot !== 'loggers') expect(made.map(labelOf)).toEqual(['second:5', 'first:2']);
    expect(experiment.config[slot]).toEqual([
      { use: 'second', level: 5 },
      { use: 'first', level: 2 },
    ]);
  });

  test('optimizer: a standalone trainer takes its own slot', async () => {
    const { tasks, policy } = FAKE_CONFIG;
    for (const optimizer of ['first', 'second']) {
      const { trainer } = await create({ trainer: 'standalone', tasks, policy, optimizer });
      expect((await trainer.iterate(1)).metrics).toMatchObject({ optimizer: `${optimizer}:5` });
    }
  });
});
