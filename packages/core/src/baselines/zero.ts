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
  options: z.strictObject({}),
  create: () => new ZeroBaselineFactory(),
});
