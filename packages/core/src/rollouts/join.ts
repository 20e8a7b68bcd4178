import type { Trajectories } from '../contracts/batch.js';

/** The episodes of several collections, one after another; their observations and actions must be of the same lengths. */
export function joinTrajectories(parts: readonly Trajectories[]): Trajectories {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const offsets = [0];
  for (const { offsets: own } of parts) {
    const start = offsets.at(-1) as number;
    for (let e = 1; e < own.length; e++) offsets.push(start + (own[e] as number));
  }
  const returns = parts.flatMap((part) => part.episodeReturns ?? []);
  return {
    observations: joinSingles(parts.map((part) => part.observations)),
    actions: joinSingles(parts.map((part) => part.actions)),
    rewards: joinDoubles(parts.map((part) => part.rewards)),
    logProbabilities: joinDoubles(parts.map((part) => part.logProbabilities)),
    offsets: Int32Array.from(offsets),
    ends: parts.flatMap((part) => part.ends),
    finalObservations: joinSingles(parts.map((part) => part.finalObservations)),
    ...(returns.length === parts.length ? { episodeReturns: joinDoubles(returns) } : {}),
  };
}

function joinSingles(arrays: readonly Float32Array[]): Float32Array {
  return fill(new Float32Array(lengthOf(arrays)), arrays);
}

function joinDoubles(arrays: readonly Float64Array[]): Float64Array {
  return fill(new Float64Array(lengthOf(arrays)), arrays);
}

function lengthOf(arrays: readonly ArrayLike<number>[]): number {
  return arrays.reduce((total, { length }) => total + length, 0);
}

function fill<A extends Float32Array | Float64Array>(into: A, arrays: readonly A[]): A {
  let at = 0;
  for (const array of arrays) {
    into.set(array, at);
    at += array.length;
  }
  return into;
}
