import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run } from './support/cli.js';
import { temporaryFolder, write } from './support/runs.js';

/*
 * Published results stand beside the returns of a run only where these are in the tasks' own unit, and with a sentence where they were measured
 * otherwise. Cart-pole's are of greedy actions, those of 2D navigation of sampled actions on the task set 'paper'.
 */
const folder = temporaryFolder();
const pole = write(
  folder,
  'pole.yaml',
  `run: { name: pole, seed: 3, iterations: 1, backend: cpu }
trainer: { use: policy-gradient, stepsPerIteration: 50 }
tasks: cart-pole
policy: { use: categorical-mlp, hiddenSizes: [] }
optimizer: { use: trpo }
evaluation: { every: 0, final: { tasks: 2, rollouts: 1, examples: 0 } }
`,
);
const points = write(
  folder,
  'points.yaml',
  `run: { name: points, seed: 3, iterations: 0, backend: cpu, workers: 0 }
trainer: { use: maml, tasksPerIteration: 2, rolloutsPerTask: 2 }
objective: maml
tasks: point-navigation
wrappers: [action-scaling]
policy: { use: gaussian-mlp, hiddenSizes: [] }
inner: { use: vpg, learningRate: 0.5 }
meta: trpo
evaluation: { every: 0, final: { tasks: 2, rollouts: 1, examples: 0 } }
`,
);
const ZOO = 'TRPO, 100 k steps (RL Baselines3 Zoo)';

const printed = async (...args: string[]) => {
  const { code, stdout, stderr } = await run(...args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
};

describe('published results of cart-pole', () => {
  const trained = join(folder, 'pole');
  let output = '';
  beforeAll(async () => {
    output = await printed('train', pole, '--out', trained);
  });

  it('were measured with greedy actions, which is said beside sampled ones', async () => {
    expect(output).toContain(`${ZOO} was measured with greedy actions.`);
    const greedy = await printed('evaluate', trained, '--greedy');
    expect(greedy).toContain(ZOO);
    expect(greedy).not.toContain('was measured');
  });

  it.each([
    ['reward-scaling', '{ use: reward-scaling, factor: 0.1 }'],
    ['time-limit', '{ use: time-limit, steps: 20 }'],
  ])('are left out where %s makes the returns something else', async (name, wrapper) => {
    const out = join(folder, name);
    expect(await printed('train', pole, '--out', out, '--set', `wrappers=[${wrapper}]`)).not.toContain('Zoo');
  });
});

describe('published results of 2D navigation', () => {
  it('are of the goals of the paper, which is said beside others', async () => {
    const trained = join(folder, 'points');
    const label = 'MAML (Finn et al. 2017)';
    expect(await printed('train', points, '--out', trained)).toContain(
      `${label} was measured on the task set 'paper'.`,
    );
    const paper = await printed('evaluate', trained, '--tasks', 'paper', '--steps', '1', '--rollouts', '1');
    expect(paper).toContain(label);
    expect(paper).not.toContain('was measured');
  });
});
