import { type Actor, ops, ParameterLayout, type Policy, type Tensor } from '@innerloop/core';

/**
 * π_θ(a|s) = N(θ, 1) with one parameter, whatever the observation: everything about it can be worked out by hand.
 *
 *   log π = −½ (a − θ)² − ½ log 2π,   KL(p ‖ q) = ½ (p − q)²
 */
export class ScalarPolicy implements Policy {
  readonly layout = new ParameterLayout([{ name: 'mean', shape: [1] }]);
  readonly actionSize = 1;

  initialize(): Float64Array {
    return new Float64Array(1);
  }

  distribution([mean]: readonly Tensor[], observations: Tensor): readonly Tensor[] {
    return [ops.spreadRows(mean as Tensor, observations.shape[0] as number)];
  }

  logProbability([mean]: readonly Tensor[], actions: Tensor): Tensor {
    const squares = ops.sumColumns(ops.square(ops.sub(actions, mean as Tensor)));
    return ops.shift(ops.scale(squares, -0.5), -0.5 * Math.log(2 * Math.PI));
  }

  kl([p]: readonly Tensor[], [q]: readonly Tensor[]): Tensor {
    return ops.scale(ops.sumColumns(ops.square(ops.sub(p as Tensor, q as Tensor))), 0.5);
  }

  entropy([mean]: readonly Tensor[]): Tensor {
    return ops.shift(ops.scale(ops.sumColumns(mean as Tensor), 0), 0.5 * Math.log(2 * Math.PI * Math.E));
  }

  actor(parameters: Float64Array): Actor {
    const mean = parameters[0] as number;
    return {
      act(_observations, count, randoms, actions, logProbabilities) {
        for (let row = 0; row < count; row++) {
          const noise = randoms?.[row]?.normal() ?? 0;
          actions[row] = mean + noise;
          logProbabilities[row] = -0.5 * noise * noise - 0.5 * Math.log(2 * Math.PI);
        }
      },
    };
  }
}
