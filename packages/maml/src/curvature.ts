import { detach, gradients, ops, pullback, pushforward, type Tensor, tidy } from '@innerloop/core';
import type { CurvatureMethod } from './maml-task.js';
import type { MamlTaskObjective } from './task-objective.js';

/*
 * Products of the Hessian of kl(θ) = mean_D′ KL(π_φ(θk) ‖ π_φ(θ)) with vectors, at θ = θ_k, three ways.
 *
 * With KL as a function of φ, and φ of θ, the Hessian is
 *
 *   Jᵀ F J + Σ_k ∂KL/∂φ_k · ∂²φ_k/∂θ²
 *
 * where F is the Hessian of KL in φ. The second term holds third derivatives of the policy. They are what the MAML paper avoids by
 * finite differences. At θ_k old and new policy are equal, ∂KL/∂φ is exactly zero, and the term vanishes: Jᵀ F J is exact.
 */

/** The product with one vector in θ-space, flat. Graphs that do not depend on it are recorded once and kept. */
export type CurvatureProduct = (direction: Float64Array) => Float64Array;

/** Makes the product for a task. */
export function createCurvature(method: CurvatureMethod, task: MamlTaskObjective): CurvatureProduct {
  switch (method) {
    case 'gauss-newton':
      return gaussNewton(task);
    case 'finite-difference':
      return finiteDifference(task);
    case 'double-backprop':
      return doubleBackprop(task);
    default:
      return method satisfies never;
  }
}

/**
 * Jᵀ F J v. F itself is J_zᵀ M J_z, where z are the distribution's parameters at every state and M is the Hessian of
 * the mean KL in z, an expectation over actions in closed form: the same argument again, one layer further out.
 */
function gaussNewton(task: MamlTaskObjective): CurvatureProduct {
  let fisher: ((w: readonly (Tensor | undefined)[]) => (Tensor | undefined)[]) | undefined;
  return (direction) => {
    const recorded = task.recordHere();
    fisher ??= task.graphs.run(() => {
      recorded.prepare();
      return recordFisher(task, recorded.adapted);
    });
    const product = fisher;
    return tidy(() => {
      const v = task.split(task.layout.constants(direction));
      return task.join(recorded.transposed(product(recorded.forward(v))));
    });
  };
}

/** w ↦ F w in φ-space. */
function recordFisher(task: MamlTaskObjective, phi: readonly Tensor[]) {
  const { policy, frozen } = task;
  const { observations, oldDistribution } = frozen.curvature;
  const z = policy.distribution(phi, observations);
  const forward = pushforward(z, phi);
  const cut = z.map(detach);
  const slope = gradients(ops.mean(policy.kl(oldDistribution, cut)), cut);
  return (w: readonly (Tensor | undefined)[]) => pullback(z, phi, pullback(slope, cut, forward(w)));
}

/** Length of the central difference's step, in θ: 1e-2 balances rounding in float32 against curvature of ∇kl. */
const DIFFERENCE_STEP = 1e-2;

/**
 * (∇kl(θ + εv) − ∇kl(θ − εv)) / 2ε with ε = 10⁻² / ‖v‖, as in the MAML paper. With a first-order derivative φ moves as θ does,
 * so the difference is taken in φ.
 */
function finiteDifference(task: MamlTaskObjective): CurvatureProduct {
  if (task.derivative === 'exact') {
    const slope = (theta: Float64Array) =>
      tidy(() => {
        const recorded = task.record(theta);
        return task.join(
          recorded.transposed(gradients(ops.mean(task.klForCurvature(recorded.adapted)), recorded.adapted)),
        );
      });
    return (direction) => centralDifference(slope, task.parameters, direction);
  }
  const { layout } = task.policy;
  const slope = (phi: Float64Array) =>
    tidy(() => {
      const variables = layout.variables(phi);
      return layout.flatten(gradients(ops.mean(task.klForCurvature(variables)), variables));
    });
  return (direction) => {
    const here = task.recordHere();
    const w = tidy(() => layout.flatten(here.forward(task.split(task.layout.constants(direction)))));
    const product = centralDifference(slope, layout.flatten(here.adapted), w);
    return tidy(() => task.join(here.transposed(layout.constants(product))));
  };
}

function centralDifference(f: (x: Float64Array) => Float64Array, x: Float64Array, v: Float64Array): Float64Array {
  const norm = Math.sqrt(v.reduce((total, value) => total + value * value, 0));
  if (norm === 0) return new Float64Array(v.length);
  const epsilon = DIFFERENCE_STEP / norm;
  const ahead = f(x.map((value, i) => value + epsilon * (v[i] as number)));
  const behind = f(x.map((value, i) => value - epsilon * (v[i] as number)));
  return ahead.map((value, i) => (value - (behind[i] as number)) / (2 * epsilon));
}

/**
 * ∇⟨∇kl, v⟩ through the whole adaptation: carries the third derivatives, which come to nothing at θ_k. With a first-order
 * derivative there is nothing to differentiate twice but KL in φ.
 */
function doubleBackprop(task: MamlTaskObjective): CurvatureProduct {
  const exact = task.derivative === 'exact';
  let recorded: { readonly inputs: readonly Tensor[]; readonly slope: readonly Tensor[] } | undefined;
  return (direction) => {
    const here = exact ? undefined : task.recordHere();
    recorded ??= task.graphs.run(() => {
      here?.prepare();
      const inputs = here?.adapted ?? task.layout.variables(task.parameters);
      const phi = here ? inputs : task.adaptWhole(inputs);
      return { inputs, slope: gradients(ops.mean(task.klForCurvature(phi)), inputs) };
    });
    const { inputs, slope } = recorded;
    return tidy(() => {
      const v = task.layout.constants(direction);
      if (!here) return task.layout.flatten(pullback(slope, inputs, v));
      return task.join(here.transposed(pullback(slope, inputs, here.forward(task.split(v)))));
    });
  };
}
