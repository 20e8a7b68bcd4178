import type { BoxSpace, Random } from '@innerloop/core';

/** `value`, or the nearest of the bounds if it lies outside. */
export function clip(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** A box with the bounds that float32 holds, as Gymnasium's spaces have: what is cut to a bound is then inside. */
export function float32Box(low: readonly number[], high: readonly number[]): BoxSpace {
  return { kind: 'box', low: low.map(Math.fround), high: high.map(Math.fround) };
}

/** Uniform on [low, high). */
export function uniform(random: Random, low: number, high: number): number {
  return low + (high - low) * random.uniform();
}
