import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluateRun, loadRunParameters, RunDirectory, runTraining } from '../src/index.js';
import { type FakeTrainer, fakeExperiment, payloads, RUN_INFO, scripted } from './support/fake-experiment.js';
import { rejection, temporaryFolder } from './support/temporary.js';

async function newDirectory(): Promise<RunDirectory> {
  return RunDirectory.create(join(temporaryFolder(), 'run'), { config: 'run: {}\n', info: RUN_INFO });
}

describe('evaluation in a run', () => {
  it('evaluates the best checkpoint with the state that belongs to it, also in a run that goes on', async () => {
    const directory = await newDirectory();
    // The best is 2 of 2, 4.
    const options = { evaluation: { every: 2 }, behaviour: scripted({ 2: -1, 4: -2 }) };
    const whole = fakeExperiment({ ...options, run: { iterations: 5 } });
    await runTraining(whole, { directory });
    const { record } = await loadRunParameters(directory, whole.trainer.layout, 'best');
    expect(record.iteration).toBe(2);
    const of = ({ trainer }: typeof whole) => (trainer as FakeTrainer).evaluations.at(-1)?.state;
    expect(of(whole)).toEqual(record.trainer);
    expect(whole.trainer.state()).not.toEqual(record.trainer);
    const longer = fakeExperiment({ ...options, run: { iterations: 5 } });
    await runTraining(longer, { directory, resume: true, iterations: 7 });
    expect(of(longer)).toEqual(record.trainer);
  });

  it('asks for greedy actions where the config does, in validation and at the end', async () => {
    const experiment = fakeExperiment({ run: { iterations: 2 }, evaluation: { every: 2, greedy: true } });
    const { evaluation } = await runTraining(experiment);
    const asked = (experiment.trainer as FakeTrainer).evaluations.map(({ request }) => request.greedy);
    expect(asked).toEqual([true, true]);
    expect(evaluation?.greedy).toBe(true);
  });

  it('keeps the checkpoint with the best return after the last step, and evaluates it at the end', async () => {
    const directory = await newDirectory();
    // Evaluated after 2, 4, 6 and 8; after one step the return is half of these: −2.5, −1.5, −2, −1.5. The best is 4, as 8 only equals it.
    const experiment = fakeExperiment({
      run: { iterations: 9 },
      evaluation: { every: 2, final: { tasks: 'two-goals', stepSizes: [0.5], seed: 77 } },
      behaviour: scripted({ 2: -5, 4: -3, 6: -4, 8: -3, 9: -1 }),
    });
    const { evaluation } = await runTraining(experiment, { directory });
    expect((await directory.readMetrics()).map((line) => line['evaluation/best'])).toEqual([
      undefined,
      true,
      undefined,
      true,
      undefined,
      false,
      undefined,
      false,
      undefined,
    ]);
    const best = await loadRunParameters(directory, experiment.trainer.layout);
    expect(best).toMatchObject({ name: 'best', record: { iteration: 4, score: -1.5, metricsLines: 4 } });
    expect(best.parameters[0]).toBe(4);
    expect((await loadRunParameters(directory, experiment.trainer.layout, 'last')).parameters[0]).toBe(9);
    expect(evaluation).toEqual({
      tasks: [{ goal: -1 }, { goal: 2 }],
      taskSet: 'two-goals',
      seed: 77,
      rollouts: 20,
      greedy: false,
      stepSizes: [0.5],
      checkpoint: 'best',
      iteration: 4,
      references: [{ label: 'Somebody 2017', meanReturn: [-3, -1], source: 'a table' }],
      views: [{ axes: [0, 0], target: [-1, 0] }],
      result: {
        steps: [
          { step: 0, meanReturn: -3, ci95: 0.25, returns: [-3, -3] },
          { step: 1, meanReturn: -1.5, ci95: 0.25, returns: [-1.5, -1.5] },
          { step: 2, meanReturn: -0.75, ci95: 0.25, returns: [-0.75, -0.75] },
        ],
        examples: [{ task: { goal: -1 }, episodes: [{ observations: [[0], [1]], rewards: [-1] }] }],
      },
    });
    expect(await directory.readEvaluation()).toEqual(evaluation);
    expect(payloads(experiment, 'evaluation:end').at(-1)).toEqual({
      iteration: 4,
      final: true,
      best: true,
      result: evaluation?.result,
    });
  });

  it('evaluates the last parameters where the best are not kept', async () => {
    const directory = await newDirectory();
    const evaluation = { every: 2, keepBest: false };
    const experiment = fakeExperiment({ run: { iterations: 5 }, evaluation, behaviour: scripted({ 2: -1, 5: -8 }) });
    const result = await runTraining(experiment, { directory });
    expect(result.evaluation).toMatchObject({
      checkpoint: 'last',
      iteration: 5,
      result: { steps: [{ meanReturn: -8 }, {}, {}] },
    });
    expect(existsSync(join(directory.checkpoints, 'best.json'))).toBe(false);
    expect(result.evaluation?.tasks).toHaveLength(5);
  });

  it('writes null for figures that are not finite, and never calls such an evaluation the best', async () => {
    const directory = await newDirectory();
    const score = () => Number.NaN;
    const error = await rejection(
      runTraining(fakeExperiment({ run: { iterations: 3 }, behaviour: { score } }), { directory }),
    );
    expect((await directory.readMetrics())[2]).toMatchObject({ 'evaluation/return/1': null, 'evaluation/best': false });
    expect(error).toMatchObject({ code: 'NUMBERS_NOT_FINITE' });
    expect(error.message).toContain('The return of task 0 after 0 adaptation steps is NaN');
    expect(existsSync(join(directory.path, 'evaluation.json'))).toBe(false);
  });
});

describe('evaluateRun', () => {
  const plan = { tasks: 3, steps: 1, rollouts: 2, seed: 5 };
  const parameters = { parameters: new Float64Array(6), checkpoint: 'last', iteration: 7 } as const;

  it('draws the same tasks for the same seed, others for another', async () => {
    const { trainer, tasks } = fakeExperiment();
    const evaluate = (seed: number) => evaluateRun({ trainer, tasks }, { ...plan, seed }, parameters);
    const first = await evaluate(5);
    expect(first).toMatchObject({ taskSet: null, seed: 5, rollouts: 2, stepSizes: null, views: [], iteration: 7 });
    expect(first.tasks).toHaveLength(3);
    expect((await evaluate(5)).tasks).toEqual(first.tasks);
    expect((await evaluate(6)).tasks).not.toEqual(first.tasks);
    // θ₀ = 0, so each return before adaptation is −|goal|, and half of it after one step.
    const goals = first.tasks.map((task) => Math.abs((task as { goal: number }).goal));
    expect(first.result.steps[1]?.returns).toEqual(goals.map((goal) => -goal / 2));
  });

  it('reports progress, and lists the task sets when a name is unknown', async () => {
    const { trainer, tasks } = fakeExperiment();
    const progress: string[] = [];
    const onProgress = (done: number, total: number) => progress.push(`${done}/${total}`);
    await evaluateRun({ trainer, tasks }, { ...plan, tasks: 'two-goals' }, parameters, { onProgress });
    expect(progress).toEqual(['1/2', '2/2']);
    const error = await rejection(evaluateRun({ trainer, tasks }, { ...plan, tasks: 'toString' }, parameters));
    expect(error).toMatchObject({ code: 'OPTION_INVALID' });
    expect(error.message).toContain("--tasks: expected a number or one of 'two-goals', found 'toString'");
  });
});
