import { type Batch, GaussianMlpPolicy, randomStream, type TaskData } from '@innerloop/core';

const box = (size: number) => ({
  kind: 'box' as const,
  low: new Array<number>(size).fill(-1),
  high: new Array<number>(size).fill(1),
});

/** A Gaussian policy for observations and actions of these lengths. */
export function gaussianPolicy(obsDim: number, actDim: number, hiddenSizes: number[]): GaussianMlpPolicy {
  const spaces = { observationSpace: box(obsDim), actionSpace: box(actDim) };
  return new GaussianMlpPolicy(spaces, { hiddenSizes, activation: 'tanh', initialStd: 1, minStd: 1e-6 });
}

/** A batch of normal random numbers, `steps` steps in 4 episodes; `stream` keeps batches apart. */
export function randomBatch(obsDim: number, actDim: number, steps: number, stream: number): Batch {
  const random = randomStream({ seed: 11, purpose: 'user', iteration: stream });
  const normal = (length: number) => Float64Array.from({ length }, () => random.normal());
  return {
    steps,
    episodes: 4,
    observations: Float32Array.from(normal(steps * obsDim)),
    actions: Float32Array.from(normal(steps * actDim)),
    advantages: normal(steps),
    logProbabilities: new Float64Array(steps), // only the likelihood-ratio loss reads them
  };
}

/** Two inner batches D⁰, D¹ and D′, of 40 steps each. */
export function randomTask(obsDim: number, actDim: number): TaskData {
  const batch = (stream: number) => randomBatch(obsDim, actDim, 40, stream);
  return { inner: [batch(0), batch(1)], outer: batch(2) };
}

/** θ: the policy's initial parameters, then `count` step sizes that all differ, uniform on [0.1, 0.5). */
export function randomTheta(policy: GaussianMlpPolicy, count: number): Float64Array {
  const random = randomStream({ seed: 12, purpose: 'user' });
  const own = Float64Array.from({ length: count }, () => 0.1 + 0.4 * random.uniform());
  return Float64Array.from([...policy.initialize(random), ...own]);
}

/** A direction of unit length in a space of this size. */
export function randomDirection(size: number): Float64Array {
  const random = randomStream({ seed: 13, purpose: 'user' });
  const v = Float64Array.from({ length: size }, () => random.normal());
  const norm = Math.hypot(...v);
  return v.map((value) => value / norm);
}
