import { z } from 'zod';
import type { Baseline, BaselineFactory, States } from '../contracts/baseline.js';
import { defineComponent } from '../plugins/define.js';

/** V(s) = 0 everywhere: advantages are then the returns themselves. */
export class ZeroBaseline implements Baseline {
  predict(states: States): Float64Array {
    return new Float64Array(states.times.length);
  }

  fit(): void {}

  state(): null {
    return null;
  }

  restore(): void {}
}

/** Makes {@link ZeroBaseline}s. */
export class ZeroBaselineFactory implements BaselineFactory {
  readonly fitted = 'before-advantages';

  create(): ZeroBaseline {
    return new ZeroBaseline();
  }
}

/** The component `zero`. */
export const zeroBaselineComponent = defineComponent({
  kind: 'baseline',
  name: 'zero',
  summary: 'No baseline: V(s) = 0',
  choose:
    'Where the observation tells nothing, as on bandits, and to see what another baseline is worth; with ' +
    '`normalize: true` the mean is taken away all the same. On long episodes it leaves all the variance, and the ' +
    'rest of a truncated episode counts as 0: take `linear-feature` there.',
  options: z.strictObject({}),
  create: () => new ZeroBaselineFactory(),
});
