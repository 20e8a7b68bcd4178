import type { Json } from './json.js';

/** What a check is asked about: an adaptation that happened, or a meta-step before it is committed. */
export type CheckSubject =
  | {
      readonly stage: 'adaptation';
      readonly iteration: number;
      /** KL(π_θ ‖ π_φ) on the pre-adaptation data, one a task. */
      readonly kl: readonly number[];
    }
  | {
      readonly stage: 'meta-step';
      readonly iteration: number;
      readonly accepted: boolean;
      /** KL between the adapted policies before and after the proposed step. */
      readonly kl: number;
      readonly surrogateBefore: number;
      readonly surrogateAfter: number;
    };

/** `ok` and `warn` go on, `reject` undoes the step, `stop` ends the run with a checkpoint. */
export type Verdict = { readonly kind: 'ok' } | { readonly kind: 'warn' | 'reject' | 'stop'; readonly reason: string };

/** Judges what is about to be committed. One that throws stops the run. */
export interface Check {
  /** Shown with its verdicts. */
  readonly name: string;
  /** The only stage that it judges. Absent: any. A trainer that does not adapt refuses checks of adaptation, which it would never ask. */
  readonly stage?: CheckSubject['stage'];
  verdict(subject: CheckSubject): Verdict | Promise<Verdict>;
}

/** How several checks answered: the strictest verdict, and each one's own. */
export interface Judgement {
  readonly strictest: Verdict['kind'];
  readonly verdicts: readonly { readonly check: string; readonly verdict: Verdict & Json }[];
}
