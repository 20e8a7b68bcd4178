import { z } from 'zod';
import type { Baseline, BaselineFactory, States } from '../contracts/baseline.js';
import { defineComponent } from '../plugins/define.js';

/**
 * V(s_t) = b_t, the mean of the returns at time step t over the batch's episodes that got so far (Williams 1992, "Simple Statistical
 * Gradient-Following Algorithms for Connectionist Reinforcement Learning", with one baseline a time step). It sees nothing of the state.
 *
 * Past the longest episode it predicts what it does at the last step that it knows: it is asked there for episodes that were truncated, which
 * would have gone on, so their value is not 0. A time step without returns takes the value of the nearest earlier one. Predicts 0 until fitted.
 *
 * An episode's own return is part of the mean. With E episodes that makes advantages smaller by the factor (E − 1)/E on average. One
 * episode teaches nothing: its advantages are 0 or, where it was truncated, γ^(T − t) times the error of the value at its cut, whatever the
 * actions were.
 */
export class TimeDependentMeanBaseline implements Baseline {
  /** b_t, up to the last time step known. */
  private means = new Float64Array(0);

  predict({ times }: States): Float64Array {
    const { means } = this;
    return Float64Array.from(times, (t) => means[Math.min(t, means.length - 1)] ?? 0);
  }

  fit({ times }: States, returns: Float64Array): void {
    const length = times.reduce((longest, t) => Math.max(longest, t + 1), 0);
    const totals = new Float64Array(length);
    const counts = new Int32Array(length);
    times.forEach((t, i) => {
      totals[t] = (totals[t] as number) + (returns[i] as number);
      counts[t] = (counts[t] as number) + 1;
    });
    let latest = 0;
    this.means = totals.map((total, t) => {
      const count = counts[t] as number;
      if (count > 0) latest = total / count;
      return latest;
    });
  }

  /** Nothing: it is fitted to each batch before it predicts. */
  state(): null {
    return null;
  }

  restore(): void {}
}

/** Makes {@link TimeDependentMeanBaseline}s. */
export class TimeDependentMeanBaselineFactory implements BaselineFactory {
  readonly fitted = 'before-advantages';

  create(): TimeDependentMeanBaseline {
    return new TimeDependentMeanBaseline();
  }
}

/** The component `time-dependent-mean`. */
export const timeDependentMeanComponent = defineComponent({
  kind: 'baseline',
  name: 'time-dependent-mean',
  summary:
    'Mean return at each time step over the episodes of the batch; one episode a batch teaches the policy nothing',
  choose:
    'Where the state tells little of the return and many episodes of one batch begin alike. It sees nothing of the ' +
    "state, and an episode's own return is part of the mean: with E episodes advantages shrink by (E − 1)/E, and with " +
    'one they tell nothing of the actions, so collect several episodes a batch. Where the state matters, take ' +
    '`linear-feature`.',
  options: z.strictObject({}),
  create: () => new TimeDependentMeanBaselineFactory(),
});
