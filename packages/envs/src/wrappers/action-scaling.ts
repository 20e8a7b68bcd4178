import {
  type Action,
  type BoxSpace,
  defineComponent,
  type Environment,
  InnerloopError,
  type Random,
  type Spaces,
  type Step,
  type Wrapper,
} from '@innerloop/core';
import { z } from 'zod';

/**
 * Lets a policy act in units of its own: [−1, 1] in each dimension, mapped linearly onto the bounds of the action space. What
 * lies outside is clipped. A policy of standard deviation 1 then explores the whole range whatever the environment's units.
 */
export class ActionScaling implements Wrapper {
  /** @throws InnerloopError CONFIG_INVALID unless actions are real vectors with finite bounds. */
  spaces(spaces: Spaces): Spaces {
    const { low } = boundedBox(spaces);
    return {
      observationSpace: spaces.observationSpace,
      actionSpace: { kind: 'box', low: low.map(() => -1), high: low.map(() => 1) },
    };
  }

  /** @throws InnerloopError CONFIG_INVALID unless actions are real vectors with finite bounds. */
  wrap(environment: Environment): Environment {
    return new ScaledEnvironment(environment, boundedBox(environment), this.spaces(environment));
  }
}

class ScaledEnvironment implements Environment {
  readonly observationSpace: Spaces['observationSpace'];
  readonly actionSpace: Spaces['actionSpace'];
  private readonly scaled: Float32Array;

  constructor(
    private readonly inner: Environment,
    private readonly bounds: BoxSpace,
    spaces: Spaces,
  ) {
    this.observationSpace = spaces.observationSpace;
    this.actionSpace = spaces.actionSpace;
    this.scaled = new Float32Array(bounds.low.length);
  }

  reset(random: Random): ArrayLike<number> {
    return this.inner.reset(random);
  }

  step(action: Action): Step {
    const units = action as Float32Array;
    for (let d = 0; d < this.scaled.length; d++) {
      const low = this.bounds.low[d] as number;
      const high = this.bounds.high[d] as number;
      const unit = Math.min(1, Math.max(-1, units[d] as number));
      this.scaled[d] = low + ((unit + 1) / 2) * (high - low);
    }
    return this.inner.step(this.scaled);
  }
}

function boundedBox({ actionSpace }: Spaces): BoxSpace {
  if (actionSpace.kind === 'discrete') {
    throw new InnerloopError(
      'CONFIG_INVALID',
      `Wrapper action-scaling needs actions that are real vectors, found a discrete space of ${actionSpace.count} choices. ` +
        'Remove it from wrappers.',
    );
  }
  const { low, high } = actionSpace;
  low.forEach((bound, d) => {
    if (Number.isFinite(bound) && Number.isFinite(high[d])) return;
    throw new InnerloopError(
      'CONFIG_INVALID',
      `Wrapper action-scaling needs finite action bounds, found [${bound}, ${high[d]}] in dimension ${d}. ` +
        'Give the environment finite bounds, or remove it from wrappers.',
    );
  });
  return actionSpace;
}

/** `wrappers: [{ use: action-scaling }]` */
export const actionScalingComponent = defineComponent({
  kind: 'wrapper',
  name: 'action-scaling',
  summary: 'Maps policy actions in [-1, 1] linearly onto the bounds of the action space',
  choose:
    'With `gaussian-mlp`, unless the bounds of the actions are about ±1 already: a standard deviation of 1 then ' +
    'explores the whole range, whatever the units. Discrete actions and infinite bounds are refused; what lies ' +
    'outside is clipped.',
  options: z.strictObject({}),
  create: () => new ActionScaling(),
});
