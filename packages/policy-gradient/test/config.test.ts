import { type ExperimentConfig, TOKENS } from '@innerloop/core';
import { describe, expect, test } from 'vitest';
import { smallExperiment } from './support/experiment.js';

describe('a config', () => {
  test('with a check of adaptation, which would never be asked, is refused', async () => {
    const config = { checks: ['kl-limit', { use: 'kl-limit', stage: 'adaptation' }] };
    const error = await smallExperiment(config).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(String(error)).toContain(
      "checks.1: expected a check of the step, since the trainer 'policy-gradient' does not adapt, found one of adaptation",
    );
    await (await smallExperiment({ checks: ['kl-limit'] })).close();
  });

  test.each([
    [{ meta: 'trpo' }, "expected only slots that the trainer 'policy-gradient' uses"],
    [{ evaluation: { steps: 1 } }, "expected 0, since the trainer 'policy-gradient' does not adapt"],
    [{ trainer: { use: 'policy-gradient', stepsPerIteration: 0 } }, 'stepsPerIteration'],
    [{ run: { backend: 'cpu', workers: 2 } }, "the trainer 'policy-gradient' works in the main thread"],
  ] as const)('of %j is refused', async (changes, message) => {
    await expect(smallExperiment(changes)).rejects.toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) }),
    );
  });

  test('evaluates without adaptation by default', async () => {
    const { config, get } = await smallExperiment();
    expect(config.evaluation).toMatchObject({ steps: 0, final: { steps: 0 } });
    const evaluation = { steps: undefined, final: { steps: undefined } } as NonNullable<ExperimentConfig['evaluation']>;
    expect((await smallExperiment({ evaluation })).config.evaluation).toEqual(config.evaluation);
    expect(get(TOKENS.baseline).fitted).toBe('after-update');
  });
});
