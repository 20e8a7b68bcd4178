import {
  type Batch,
  batchTensors,
  CategoricalMlpPolicy,
  GaussianMlpPolicy,
  gradients,
  ops,
  type Policy,
  policyGradientLoss,
  pullback,
  randomStream,
  type Tensor,
  TOKENS,
  tidy,
  useBackend,
} from '@innerloop/core';
import { MamlObjective, NO_ADAPTATION } from '@innerloop/maml';
import { beforeAll, describe, expect, it } from 'vitest';
import { batchObjective } from '../src/index.js';
import { smallExperiment } from './support/experiment.js';

beforeAll(() => useBackend('cpu'));

const box = (size: number) => {
  return { kind: 'box', low: new Array<number>(size).fill(-1), high: new Array<number>(size).fill(1) } as const;
};
const POLICIES: Record<string, Policy> = {
  Gaussian: new GaussianMlpPolicy(
    { observationSpace: box(3), actionSpace: box(2) },
    { hiddenSizes: [6], activation: 'tanh', initialStd: 0.7, minStd: 1e-6 },
  ),
  categorical: new CategoricalMlpPolicy(
    { observationSpace: box(3), actionSpace: { kind: 'discrete', count: 4 } },
    { hiddenSizes: [6], activation: 'tanh' },
  ),
};

/** 40 steps of made-up data on which θ_k acted. */
function problem(policy: Policy) {
  const random = randomStream({ seed: 31, purpose: 'user' });
  const theta = policy.initialize(random).map((value) => value + 0.1 * random.normal());
  const steps = 40;
  const observations = Float32Array.from({ length: steps * 3 }, () => random.normal());
  const actions = new Float32Array(steps * policy.actionSize);
  const logProbabilities = new Float64Array(steps);
  policy.actor(theta).act(observations, steps, new Array(steps).fill(random), actions, logProbabilities);
  const advantages = Float64Array.from({ length: steps }, () => random.normal());
  const batch: Batch = { steps, episodes: 4, observations, actions, advantages, logProbabilities };
  const direction = theta.map(() => random.normal());
  return { theta, batch, direction };
}

function objectiveOf(policy: Policy, engine: 'graph' | 'kernels', { theta, batch }: ReturnType<typeof problem>) {
  const objective = new MamlObjective(policy, NO_ADAPTATION, {
    derivative: 'exact',
    curvature: 'gauss-newton',
    engine,
  });
  return batchObjective(objective, batch, theta, policy.layout);
}

describe.each(Object.keys(POLICIES))('the objective of a batch, %s policy', (name) => {
  const policy = POLICIES[name] as Policy;

  describe.each(['graph', 'kernels'] as const)('on the %s', (engine) => {
    it('has the gradient −ĝ of line 6 at θ_k, and −mean Â for a value', async () => {
      const data = problem(policy);
      const objective = objectiveOf(policy, engine, data);
      const { theta, batch } = data;
      // ĝ by the score function, which knows no ratio: the loss −mean log π · Â.
      const expected = tidy(() => {
        const variables = policy.layout.variables(theta);
        const loss = policyGradientLoss(policy, variables, batchTensors(batch), {
          loss: 'log-likelihood',
          average: 'steps',
        });
        return policy.layout.flatten(gradients(loss, variables));
      });
      expect(await objective.gradient()).toBeAllClose(expected, { rtol: 1e-5 });
      const mean = batch.advantages.reduce((total, value) => total + value, 0) / batch.steps;
      expect(await objective.surrogate(theta)).toBeAllClose(-mean, { rtol: 1e-6 });
      expect(await objective.kl(theta)).toBe(0);
      objective.dispose();
    });

    it('has the surrogate −mean ratio · Â away from θ_k', async () => {
      const data = problem(policy);
      const objective = objectiveOf(policy, engine, data);
      const { theta, batch, direction } = data;
      const away = theta.map((value, i) => value + 0.05 * (direction[i] as number));
      const expected = tidy(() => {
        const { observations, actions } = batchTensors(batch);
        const at = (parameters: Float64Array) =>
          policy
            .logProbability(policy.distribution(policy.layout.constants(parameters), observations), actions)
            .values();
        const [now, before] = [at(away), at(theta)];
        let total = 0;
        now.forEach((value, i) => {
          total -= Math.exp(value - (before[i] as number)) * (batch.advantages[i] as number);
        });
        return total / batch.steps;
      });
      expect(await objective.surrogate(away)).toBeAllClose(expected, { rtol: 1e-5 });
      objective.dispose();
    });

    it('has the Hessian of its KL for a curvature', async () => {
      const data = problem(policy);
      const objective = objectiveOf(policy, engine, data);
      const { theta, batch, direction } = data;
      // Double backprop through the KL, which the Gauss-Newton product does not use.
      const expected = tidy(() => {
        const { observations } = batchTensors(batch);
        const old = policy.distribution(policy.layout.constants(theta), observations);
        const variables = policy.layout.variables(theta);
        const slope = gradients(ops.mean(policy.kl(old, policy.distribution(variables, observations))), variables);
        return policy.layout.flatten(pullback(slope as Tensor[], variables, policy.layout.constants(direction)));
      });
      expect(await objective.curvature(direction)).toBeAllClose(expected, { rtol: 1e-4 });
      // ½ vᵀHv is the KL a small step away, to second order.
      const h = 0.02;
      const kl = await objective.kl(theta.map((value, i) => value + h * (direction[i] as number)));
      const quadratic = expected.reduce((total, value, i) => total + 0.5 * h * h * value * (direction[i] as number), 0);
      expect(kl).toBeAllClose(quadratic, { rtol: 0.1 });
      objective.dispose();
    });
  });
});

it('is refused on kernels for a policy without written-out derivatives, by the name of the option of this trainer', async () => {
  const policy = Object.create(POLICIES.categorical as Policy, { writtenOut: { value: undefined } }) as Policy;
  const { get } = await smallExperiment({ policy, trainer: { use: 'policy-gradient', engine: 'kernels' } });
  expect(() => get(TOKENS.trainer)).toThrow(/^trainer\.engine: 'kernels' needs .*\. Use 'auto' or 'graph'\.$/);
});
