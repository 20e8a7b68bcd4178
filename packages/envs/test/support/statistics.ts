import { randomStream } from '@innerloop/core';

export const mean = (values: readonly number[]) => values.reduce((total, value) => total + value, 0) / values.length;

/** The standard error of the mean. */
export function standardError(values: readonly number[]): number {
  const average = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - average) ** 2)) / values.length);
}

/** A stream of random numbers for each task. */
export const taskStream = (seed: number, task = 0) => randomStream({ seed, purpose: 'user', task });
