import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EvaluationRecord, parseConfig, type ResolvedConfig } from '@innerloop/core';
import { describe, expect, it } from 'vitest';
import { run } from './support/cli.js';
import { metricsOf, temporaryFolder } from './support/runs.js';

const folder = temporaryFolder();
const pathOf = (name: string) =>
  fileURLToPath(new URL(`../../../configs/point-navigation/${name}.yaml`, import.meta.url));
const textOf = (name: string) => readFileSync(pathOf(name), 'utf8');
const parse = (name: string) => parseConfig(textOf(name), pathOf(name)).config as unknown as ResolvedConfig;

/** The paper halves the step size after the first step; 0.5 for a mean over 100 steps is 0.005 for a sum over them. */
const HALVED = [0.005, 0.0025, 0.0025];

/** Makes a run a matter of a second or two; the evaluation stays that of the paper. */
const TINY = [
  ...['run.iterations=2', 'run.backend=cpu', 'trainer.tasksPerIteration=2', 'trainer.rolloutsPerTask=2'],
  ...['tasks.horizon=5', 'policy.hiddenSizes=[4]', 'loggers=[]'],
  ...['evaluation.every=2', 'evaluation.tasks=2', 'evaluation.rollouts=2', 'evaluation.final.rollouts=2'],
].flatMap((value) => ['--set', value]);

async function train(name: string, ...more: string[]) {
  const out = join(folder, `${name}${more.length}`);
  const { code, stderr } = await run('train', pathOf(name), '--out', out, ...TINY, ...more);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return { out, evaluation: JSON.parse(readFileSync(join(out, 'evaluation.json'), 'utf8')) as EvaluationRecord };
}

describe("the baselines of the paper's row", () => {
  it('pretrained: differs from paper.yaml in nothing but its name and the steps of adaptation in training', () => {
    const paper = parse('paper');
    expect(parse('paper-pretrained')).toEqual({
      ...paper,
      run: { ...paper.run, name: 'paper-pretrained' },
      trainer: { ...paper.trainer, adaptationSteps: 0 },
    });
  });

  it('oracle: differs further in that it sees the goal and is evaluated without adaptation', () => {
    const paper = parse('paper');
    const { stepSizes: validated, ...evaluation } = paper.evaluation;
    const { stepSizes, ...final } = paper.evaluation.final;
    expect([stepSizes, validated]).toEqual([HALVED, HALVED]);
    expect(parse('paper-oracle')).toEqual({
      ...paper,
      run: { ...paper.run, name: 'paper-oracle' },
      trainer: { ...paper.trainer, adaptationSteps: 0 },
      tasks: { ...paper.tasks, observeGoal: true },
      evaluation: { ...evaluation, steps: 0, final: { ...final, steps: 0 } },
    });
  });

  it('original: has the loss and the network of the paper, and else nothing of its own', () => {
    const paper = parse('paper');
    const { average, ...inner } = paper.inner as Record<string, unknown>;
    expect(average).toBe('trajectories');
    const stepSizes = HALVED.map((size) => size * 100);
    expect(parse('paper-original')).toEqual({
      ...paper,
      run: { ...paper.run, name: 'paper-original' },
      policy: { ...paper.policy, hiddenSizes: [100, 100], activation: 'relu' },
      inner: { ...inner, learningRate: 0.5 },
      evaluation: { ...paper.evaluation, stepSizes, final: { ...paper.evaluation.final, stepSizes } },
    });
  });

  it.each(['paper-pretrained', 'paper-oracle', 'paper-original'])('%s: every key has its comment', (name) => {
    const lines = textOf(name).trimEnd().split('\n');
    const bare = lines.filter((line) => /: \S|^ +- /.test(line.replace(/#.*/, '')) && !/ # \S/.test(line));
    expect(bare).toEqual([]);
  });

  it('pretrained: trains without adaptation and is evaluated with it', async () => {
    const { out, evaluation } = await train('paper-pretrained');
    const metrics = metricsOf(out);
    expect(metrics).toHaveLength(2);
    for (const line of metrics) {
      expect(line['return/before']).toBe(line['return/after']); // one batch is both
      expect(line).toMatchObject({ 'kl/adaptation': 0, episodes: 4 }); // 2 tasks × 2 rollouts, once
    }
    expect(evaluation.result.steps.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    expect(evaluation.result.steps[1]?.meanReturn).not.toBe(evaluation.result.steps[0]?.meanReturn);
  });

  it('oracle: sees the goal, and is evaluated as it is', async () => {
    const { evaluation } = await train('paper-oracle');
    expect(evaluation).toMatchObject({ taskSet: 'paper', stepSizes: null, references: [] });
    expect(evaluation.result.steps.map(({ step }) => step)).toEqual([0]);
    expect(evaluation.result.examples[0]?.episodes[0]?.observations[0]).toEqual([
      0,
      0,
      ...[-0.082977995297, 0.220324493442].map(Math.fround), // the first goal of the paper
    ]);
  });

  it('random: paper.yaml without iterations is evaluated, reported and can be trained later', async () => {
    const { out, evaluation } = await train('paper', '--set', 'run.iterations=0');
    expect(evaluation).toMatchObject({ checkpoint: 'last', iteration: 0 });
    expect(evaluation.result.steps.map(({ step }) => step)).toEqual([0, 1, 2, 3]);
    expect(readFileSync(join(out, 'metrics.jsonl'), 'utf8')).toBe('');
    const report = readFileSync(join(out, 'report.html'), 'utf8');
    expect(report).toContain('--iterations 1');
    expect(report).not.toContain('Unfinished');
    const { code, stdout } = await run('resume', out, '--iterations', '1');
    expect({ code, stdout: stdout.includes('already') }).toEqual({ code: 0, stdout: false });
    expect(metricsOf(out)).toHaveLength(1);
    expect(existsSync(join(out, 'checkpoints', '000001.safetensors'))).toBe(true);
  });
});
