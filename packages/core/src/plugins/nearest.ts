import { closest, distance } from 'fastest-levenshtein';

/** The candidate that `name` was most likely meant to be; `undefined` if none is near. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const lower = name.toLowerCase();
  const best = closest(
    lower,
    candidates.map((candidate) => candidate.toLowerCase()),
  );
  const original = candidates.find((candidate) => candidate.toLowerCase() === best) as string;
  return distance(lower, best) <= Math.max(2, Math.ceil(name.length / 2)) ? original : undefined;
}

/** `; did you mean 'x'?`, or nothing. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  const near = nearest(name, candidates);
  return near === undefined ? '' : `; did you mean '${near}'?`;
}

/** `'a', 'b', 'c'`. */
export function quoteAll(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
