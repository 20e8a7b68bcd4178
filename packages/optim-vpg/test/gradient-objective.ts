import { ParameterLayout, type PolicyObjective } from '@innerloop/core';
import { gradientComponent } from '../src/index.js';

/** The component's optimizer, its options checked and completed. */
export const make = (options: Record<string, unknown>, iterations = 100) =>
  gradientComponent.create(gradientComponent.options.parse(options), { run: { name: 'test', seed: 1, iterations } });

/** An objective that has only a gradient, at `parameters`. */
export function withGradient(
  parameters: Float64Array,
  gradient: (theta: Float64Array) => ArrayLike<number>,
): PolicyObjective {
  const refuse = async () => {
    throw new Error('the gradient optimizer asks for nothing but the gradient');
  };
  return {
    parameters,
    layout: new ParameterLayout([{ name: 'theta', shape: [parameters.length] }]),
    gradient: async (theta = parameters) => Float64Array.from(gradient(theta)),
    surrogate: refuse,
    kl: refuse,
    curvature: refuse,
  };
}

/** Gradient of ½ (θ − c)ᵀA(θ − c), A = [[2, .5, 0], [.5, 1, −.25], [0, −.25, 4]], c = (1, −2, .5). */
export function quadraticGradient(theta: Float64Array): number[] {
  const [x, y, z] = [(theta[0] as number) - 1, (theta[1] as number) + 2, (theta[2] as number) - 0.5];
  return [2 * x + 0.5 * y, 0.5 * x + y - 0.25 * z, -0.25 * y + 4 * z];
}
/** Where the quadratic is started from. */
export const START = Float64Array.of(0.3, -0.7, 1.1);

/** The 64 bits of each number, so that −0 and 0 differ. */
export const bits = (x: Float64Array) => [...new BigUint64Array(x.slice().buffer)];
