import { closest, distance } from 'fastest-levenshtein';

/**
 * The candidate that `name` was most likely meant to be: one that it begins or that begins it, else the one with the fewest
 * edits, if those are at most half of its letters (or two).
 */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  const lower = name.toLowerCase();
  const begun = candidates.find((candidate) => {
    const other = candidate.toLowerCase();
    return lower !== '' && (other.startsWith(lower) || lower.startsWith(other));
  });
  const best = closest(
    lower,
    candidates.map((candidate) => candidate.toLowerCase()),
  );
  const original = candidates.find((candidate) => candidate.toLowerCase() === best) as string;
  const edits = distance(lower, best);
  // One edit is nearer than a shared beginning.
  if (edits > 1 && begun !== undefined) return begun;
  return edits <= Math.max(2, Math.ceil(name.length / 2)) ? original : undefined;
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
