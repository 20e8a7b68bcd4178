import { z } from 'zod';
import type { Baseline, BaselineFactory, States } from '../contracts/baseline.js';
import { defineComponent } from '../plugins/define.js';
import { solveRidge } from './ridge.js';

const linearFeatureOptions = z.strictObject({
  ridge: z
    .number()
    .positive()
    .default(1e-5)
    .describe('L2 penalty of the regression, above 0; made ten times stronger up to five times if it fails'),
  clip: z
    .number()
    .positive()
    .nullable()
    .default(10)
    .describe('Observations are clipped to [-clip, clip] first, above 0; null leaves them as they are'),
});

/** Options of {@link LinearFeatureBaseline}. */
export type LinearFeatureOptions = z.output<typeof linearFeatureOptions>;

/** The time step is divided by this, so that its powers stay near the size of the other features. */
const TIME_SCALE = 100;

/**
 * V(s_t) = w · [o, o², t/100, (t/100)², (t/100)³, 1], fitted by ridge regression (Duan et al. 2016, "Benchmarking Deep
 * Reinforcement Learning for Continuous Control", supplement). For observations of length d there are 2d + 4 features;
 * t counts from the start of the episode. Predicts 0 until fitted.
 */
export class LinearFeatureBaseline implements Baseline {
  private readonly features: number;
  private weights: Float64Array;
  private usedRidge: number | undefined;

  constructor(
    private readonly observationSize: number,
    private readonly options: LinearFeatureOptions = linearFeatureOptions.parse({}),
  ) {
    this.features = 2 * observationSize + 4;
    this.weights = new Float64Array(this.features);
  }

  /** The ridge that the last fit took; `undefined` before. */
  get ridge(): number | undefined {
    return this.usedRidge;
  }

  predict(states: States): Float64Array {
    const row = new Float64Array(this.features);
    return Float64Array.from(states.times, (_, index) => {
      this.writeFeatures(states, index, row);
      let value = 0;
      for (let i = 0; i < row.length; i++) value += (row[i] as number) * (this.weights[i] as number);
      return value;
    });
  }

  /** @throws InnerloopError NUMBERS_NOT_FINITE if no ridge tried gives finite weights. */
  fit(states: States, returns: Float64Array): void {
    const n = this.features;
    const gram = new Float64Array(n * n);
    const moments = new Float64Array(n);
    const row = new Float64Array(n);
    for (let step = 0; step < returns.length; step++) {
      this.writeFeatures(states, step, row);
      for (let i = 0; i < n; i++) {
        const feature = row[i] as number;
        moments[i] = (moments[i] as number) + feature * (returns[step] as number);
        // The lower triangle is all that Cholesky reads.
        for (let j = 0; j <= i; j++) gram[i * n + j] = (gram[i * n + j] as number) + feature * (row[j] as number);
      }
    }
    const { weights, ridge } = solveRidge(gram, moments, this.options.ridge);
    this.weights = weights;
    this.usedRidge = ridge;
  }

  /** Nothing: it is fitted to each batch before it predicts. */
  state(): null {
    return null;
  }

  restore(): void {}

  private writeFeatures({ observations, times }: States, index: number, row: Float64Array): void {
    const d = this.observationSize;
    const limit = this.options.clip ?? Number.POSITIVE_INFINITY;
    for (let i = 0; i < d; i++) {
      const o = Math.min(limit, Math.max(-limit, observations[index * d + i] as number));
      row[i] = o;
      row[d + i] = o * o;
    }
    const t = (times[index] as number) / TIME_SCALE;
    row[2 * d] = t;
    row[2 * d + 1] = t * t;
    row[2 * d + 2] = t * t * t;
    row[2 * d + 3] = 1;
  }
}

/** Makes {@link LinearFeatureBaseline}s, fitted on the batch that they then predict. */
export class LinearFeatureBaselineFactory implements BaselineFactory {
  readonly fitted = 'before-advantages';

  constructor(private readonly options: LinearFeatureOptions = linearFeatureOptions.parse({})) {}

  create(observationSize: number): LinearFeatureBaseline {
    return new LinearFeatureBaseline(observationSize, this.options);
  }
}

/** The component `linear-feature`. */
export const linearFeatureComponent = defineComponent({
  kind: 'baseline',
  name: 'linear-feature',
  summary: 'Ridge regression on observations, their squares and powers of time, refitted on every batch',
  choose:
    'The default, and the first choice with `maml`: it is solved anew for every batch, so a few episodes of one ' +
    'task are enough and there is little to tune. It is linear in the observation, its square and powers of time; ' +
    'where values depend on the state in other ways, take `mlp-value`, with `policy-gradient` only. Raise `clip` ' +
    'where observations beyond 10 differ in value.',
  options: linearFeatureOptions,
  create: (options) => new LinearFeatureBaselineFactory(options),
});
