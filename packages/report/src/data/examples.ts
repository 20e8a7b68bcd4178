import type { FinalEvaluation } from './schemas.js';

/** Whether an evaluation has returns after adaptation; without, it measured the policy as it is. */
export function adapts({ result }: FinalEvaluation): boolean {
  return result.steps.some(({ step }) => step > 0);
}

/** A position in the plane. */
export type Point = readonly [number, number];

/** One episode of one task after some number of adaptation steps. */
export interface DrawnEpisode {
  readonly step: number;
  /** `[T + 1]` positions, or `null` if the task cannot be drawn in a plane. */
  readonly path: readonly Point[] | null;
  /** `[T]`. */
  readonly rewards: readonly number[];
}

/** An example task, ready to be drawn in one panel. */
export interface DrawnTask {
  /** Counted from 1. */
  readonly task: number;
  readonly target: Point | null;
  readonly episodes: readonly DrawnEpisode[];
  /** Mean return of the task before all steps and after them. */
  readonly before: number;
  readonly after: number;
}

/** More panels than this are not drawn. */
export const MOST_PANELS = 12;

/** Which numbers of steps are drawn: all up to four, else the first two, one between and the last. */
export function drawnSteps(evaluation: FinalEvaluation): number[] {
  const steps = evaluation.result.steps.map(({ step }) => step);
  if (steps.length <= 4) return steps;
  const last = steps.length - 1;
  return [0, 1, Math.round((last + 1) / 2), last].map((index) => steps[index] as number);
}

/** The examples of an evaluation, as paths where there is a view. */
export function drawnTasks(evaluation: FinalEvaluation): DrawnTask[] {
  const { examples, steps } = evaluation.result;
  const chosen = drawnSteps(evaluation);
  return examples.slice(0, MOST_PANELS).map(({ episodes }, index): DrawnTask => {
    const view = evaluation.views[index] ?? null;
    const drawn = chosen.flatMap((step): DrawnEpisode[] => {
      const episode = episodes[steps.findIndex((candidate) => candidate.step === step)];
      if (!episode) return [];
      const path =
        view && episode.observations.map((row): Point => [row[view.axes[0]] as number, row[view.axes[1]] as number]);
      return [{ step, path, rewards: episode.rewards }];
    });
    const returned = (at: number) => steps.at(at)?.returns[index] as number;
    return { task: index + 1, target: view?.target ?? null, episodes: drawn, before: returned(0), after: returned(-1) };
  });
}
