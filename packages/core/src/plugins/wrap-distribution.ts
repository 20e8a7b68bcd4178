import type { Environment, Spaces, TaskDistribution, Wrapper } from '../contracts/environment.js';

/**
 * A task distribution whose environments are wrapped. The first wrapper is next to the environment, the last is what
 * the policy sees. Tasks, horizon and named task sets stay as they are. A view is kept only where every wrapper hands on the observation space that
 * it was given, the same object, since a view's axes and target are in terms of the environment's own observations: equal bounds may hold others.
 * Published results are kept only where the returns that are reported are still the environment's own.
 */
export function wrapDistribution(distribution: TaskDistribution, wrappers: readonly Wrapper[]): TaskDistribution {
  if (wrappers.length === 0) return distribution;
  const bare: Spaces = { observationSpace: distribution.observationSpace, actionSpace: distribution.actionSpace };
  const { observationSpace, actionSpace } = wrappers.reduce((spaces, wrapper) => wrapper.spaces(spaces), bare);
  const { taskSets, references } = distribution;
  return {
    observationSpace,
    actionSpace,
    horizon: distribution.horizon,
    sample: (random, count) => distribution.sample(random, count),
    create: (task) =>
      wrappers.reduce<Environment>((environment, wrapper) => wrapper.wrap(environment), distribution.create(task)),
    ...(taskSets ? { taskSets } : {}),
    ...(references && keepReturns(wrappers) ? { references } : {}),
    ...(distribution.view && observationSpace === bare.observationSpace
      ? { view: (task) => (distribution as Required<TaskDistribution>).view(task) }
      : {}),
  };
}

function keepReturns(wrappers: readonly Wrapper[]): boolean {
  const effects = wrappers.flatMap(({ returns }) => returns ?? []);
  return !effects.includes('episodes') && effects[0] !== 'rewards';
}
