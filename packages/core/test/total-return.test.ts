import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadRunParameters, RunDirectory, runTraining, totalReturn } from '../src/index.js';
import { scoreOf } from '../src/run/total-return.js';
import { fakeExperiment, RUN_INFO, scripted } from './support/fake-experiment.js';
import { temporaryFolder } from './support/temporary.js';

const step = (index: number, returns: number[]) => ({ step: index, meanReturn: Number.NaN, ci95: Number.NaN, returns });

describe('the total of all episodes of a task', () => {
  it('is rollouts times the sum of the mean returns of every step', () => {
    const result = { steps: [step(0, [1, 2]), step(1, [3, 5]), step(2, [4, 9])] };
    const { episodes, mean, ci95, totals } = totalReturn({ rollouts: 10, result });
    // 10 · (1 + 3 + 4) and 10 · (2 + 5 + 9). Mean 120; sd √(2 · 40²) = 56.5685; 1.96 · 56.5685 / √2 = 78.4.
    expect(episodes).toBe(30);
    expect(totals).toEqual([80, 160]);
    expect(mean).toBe(120);
    expect(ci95).toBeAllClose(78.4, { rtol: 1e-12 });
  });

  it('of one task without adaptation is that of its episodes, with no interval', () => {
    const total = totalReturn({ rollouts: 4, result: { steps: [step(0, [2.5])] } });
    expect(total).toEqual({ episodes: 4, mean: 10, ci95: 0, totals: [10] });
  });
});

describe('evaluation.score', () => {
  // Adaptation from 10 to 20, or from 14 to 18: 32 in all against 30.
  const steep = { steps: [step(0, [10]), { ...step(1, [20]), meanReturn: 20 }] };
  const level = { steps: [step(0, [14]), { ...step(1, [18]), meanReturn: 18 }] };

  it('compares what is adapted to, or the total', () => {
    const score = (result: typeof steep, by: 'adapted' | 'total') => scoreOf(result, { score: by, rollouts: 3 });
    expect([score(steep, 'adapted'), score(level, 'adapted')]).toEqual([20, 18]);
    expect([score(steep, 'total'), score(level, 'total')]).toEqual([90, 96]);
    expect(score({ steps: [] }, 'adapted')).toBeNaN();
    expect(score({ steps: [] }, 'total')).toBeNaN();
  });

  it.each([
    ['adapted', -1.5], // −3 before, half of it after one step
    ['total', -18], // 4 episodes of −3 and 4 of −1.5
  ])('%s is the score that a checkpoint keeps', async (score, expected) => {
    const directory = await RunDirectory.create(join(temporaryFolder(), 'run'), {
      config: 'run: {}\n',
      info: RUN_INFO,
    });
    const experiment = fakeExperiment({
      run: { iterations: 4 },
      evaluation: { every: 2, rollouts: 4, score },
      behaviour: scripted({ 2: -5, 4: -3 }),
    });
    await runTraining(experiment, { directory });
    const { record } = await loadRunParameters(directory, experiment.trainer.layout, 'best');
    expect(record).toMatchObject({ iteration: 4, score: expected });
  });
});
