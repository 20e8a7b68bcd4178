import { isDeepStrictEqual } from 'node:util';
import type { Environment, Spaces, TaskDistribution, Wrapper } from '../contracts/environment.js';

/**
 * A task distribution whose environments are wrapped. The first wrapper is next to the environment, the last is what
 * the policy sees. Tasks, horizon and named task sets stay as they are; a view is kept only where the wrappers leave the observation space as
 * it is, since a view's axes and target are in terms of the environment's own observations.
 */
export function wrapDistribution(distribution: TaskDistribution, wrappers: readonly Wrapper[]): TaskDistribution {
  if (wrappers.length === 0) return distribution;
  const { observationSpace, actionSpace } = wrappers.reduce<Spaces>(
    (spaces, wrapper) => wrapper.spaces(spaces),
    distribution,
  );
  const { taskSets, references } = distribution;
  return {
    observationSpace,
    actionSpace,
    horizon: distribution.horizon,
    sample: (random, count) => distribution.sample(random, count),
    create: (task) =>
      wrappers.reduce<Environment>((environment, wrapper) => wrapper.wrap(environment), distribution.create(task)),
    ...(taskSets ? { taskSets } : {}),
    ...(references ? { references } : {}),
    ...(distribution.view && isDeepStrictEqual(observationSpace, distribution.observationSpace)
      ? { view: (task) => (distribution as Required<TaskDistribution>).view(task) }
      : {}),
  };
}
