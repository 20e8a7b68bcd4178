import type { Action, ActionSpace, BoxSpace, Spaces } from '../contracts/environment.js';
import type { Random } from '../numerics/random.js';
import { describeValue } from '../rollouts/validate.js';
import type { Report } from './findings.js';

/** Whether both spaces are what the contract says; reports what is not. */
export function checkSpaces(spaces: Spaces, report: Report): boolean {
  const { observationSpace, actionSpace } = spaces;
  const observations = checkBox('observationSpace', observationSpace, report);
  if (actionSpace?.kind !== 'discrete') return checkBox('actionSpace', actionSpace, report) && observations;
  const { count } = actionSpace;
  if (Number.isInteger(count) && count >= 1) return observations;
  report('actionSpace', `actionSpace has the count ${describeValue(count)}. Give it a whole number of at least 1.`);
  return false;
}

function checkBox(name: string, space: BoxSpace | undefined, report: Report): boolean {
  const kinds =
    name === 'actionSpace' ? "{ kind: 'box', low, high } or { kind: 'discrete', count }" : "{ kind: 'box', low, high }";
  if (space?.kind !== 'box' || !Array.isArray(space.low) || !Array.isArray(space.high)) {
    report(name, `${name} is ${describeValue(space)}. Make it ${kinds}, with low and high as lists of numbers.`);
    return false;
  }
  const { low, high } = space;
  if (low.length === 0 || low.length !== high.length) {
    report(
      name,
      `${name} has ${low.length} lower and ${high.length} upper bounds. Give one of each for every dimension.`,
    );
    return false;
  }
  const wrong = low.findIndex((bound, d) => !(bound <= (high[d] as number)));
  if (wrong < 0) return true;
  report(
    name,
    `${name} has the bounds [${low[wrong]}, ${high[wrong]}] in dimension ${wrong}. Put the lower number first.`,
  );
  return false;
}

/** Whether a number is within bounds, but for rounding to float32. */
export function within(value: number, low: number, high: number): boolean {
  const slack = (bound: number) => (Number.isFinite(bound) ? 1e-6 * Math.max(1, Math.abs(bound)) : 0);
  return value >= low - slack(low) && value <= high + slack(high);
}

/**
 * An action at random.
 *
 * @param beyond Whether a real vector may be far outside of its bounds, as a Gaussian policy's may.
 */
export function randomAction(space: ActionSpace, random: Random, beyond: boolean): Action {
  if (space.kind === 'discrete') return random.integer(space.count);
  return Float32Array.from(space.low, (low, d) => {
    const high = space.high[d] as number;
    if (!Number.isFinite(low) || !Number.isFinite(high)) return (beyond ? 10 : 1) * random.normal();
    const share = random.uniform();
    return low + (beyond ? 10 * (share - 0.5) : share) * (high - low);
  });
}
