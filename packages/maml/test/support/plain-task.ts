import { type Batch, GaussianMlpPolicy, gaussianMlpComponent, randomStream, type TaskData } from '@innerloop/core';
import { logProbability, type Sizes } from './plain-gaussian.js';

/** The policy of plain-gaussian.ts as the product has it, and data for it. */
export const SIZES: Sizes = { obs: 2, hidden: 3, act: 1 };

const box = (size: number) => ({
  kind: 'box' as const,
  low: new Array<number>(size).fill(-1),
  high: new Array<number>(size).fill(1),
});

export const policy = new GaussianMlpPolicy(
  { observationSpace: box(SIZES.obs), actionSpace: box(SIZES.act) },
  gaussianMlpComponent.options.parse({ hiddenSizes: [SIZES.hidden] }),
);

const random = randomStream({ seed: 5, purpose: 'user' });
const normals = (count: number, factor = 1) => Float32Array.from({ length: count }, () => factor * random.normal());

/** θ_k: 2·3 + 3 + 3·1 + 1 + 1 = 14 numbers, all of them moved off their initial values, rounded to float32. */
export const thetaK = Float64Array.from(
  Float32Array.from(policy.initialize(random).map((x) => x + 0.2 * random.normal())),
);

/** Another θ, some way off. */
export const elsewhere = Float64Array.from(Float32Array.from(thetaK.map((x) => x + 0.15 * random.normal())));

/** A batch of N steps whose behaviour policy is `phi`. */
export function batchOf(phi: Float64Array, N = 8): Batch {
  const observations = normals(SIZES.obs * N);
  const actions = normals(SIZES.act * N);
  const logProbabilities = Float64Array.from({ length: N }, (_, t) => {
    const s = observations.subarray(t * SIZES.obs, (t + 1) * SIZES.obs);
    return logProbability(SIZES, phi, s, actions.subarray(t * SIZES.act, (t + 1) * SIZES.act));
  });
  const advantages = Float64Array.from(normals(N));
  return { steps: N, episodes: 2, observations, actions, advantages, logProbabilities };
}

/** D⁰ … Dᴷ⁻¹ and D′, each behaved by the policy that `adapt` leads to. */
export function dataOf(K: number, adapt: (phi: Float64Array, batch: Batch, j: number) => Float64Array): TaskData {
  const inner: Batch[] = [];
  let phi: Float64Array = thetaK;
  for (let j = 0; j < K; j++) {
    const batch = batchOf(phi);
    inner.push(batch);
    phi = adapt(phi, batch, j);
  }
  return { inner, outer: batchOf(phi) };
}
