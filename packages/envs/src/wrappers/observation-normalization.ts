import {
  type Action,
  defineComponent,
  type Environment,
  InnerloopError,
  type Json,
  type LearnedWrapping,
  type Random,
  type Spaces,
  type Step,
  type Wrapper,
} from '@innerloop/core';
import { z } from 'zod';
import { RunningMoments } from './running-moments.js';

const normalizationOptions = z.strictObject({
  epsilon: z
    .number()
    .positive()
    .default(1e-8)
    .describe('Is added to each variance, above 0, so that what hardly varies is not blown up; usually 1e-8 to 1e-2'),
  clip: z.number().positive().default(10).describe('Normalised observations are clipped to [-clip, clip], above 0'),
});

/** Options of {@link ObservationNormalization}; any may be left out. */
export type ObservationNormalizationOptions = z.input<typeof normalizationOptions>;

type NormalizationOptions = z.output<typeof normalizationOptions>;

const savedState = z.strictObject({
  count: z.int().min(0),
  mean: z.array(z.number()),
  squares: z.array(z.number().min(0)),
});

/** Counts what environments show between `begin` and `end`; it takes effect at `end`. */
class LearnedMoments implements LearnedWrapping {
  private known: RunningMoments | undefined;
  private batch: RunningMoments | undefined;
  private counting = false;

  /**
   * What takes effect, for observations of this length.
   *
   * @throws InnerloopError CHECKPOINT_UNREADABLE if what was restored is of another length.
   */
  moments(dimension: number): RunningMoments {
    this.known ??= new RunningMoments(dimension);
    if (this.known.mean.length !== dimension) throw misfit(`lengths of ${dimension}`, `${this.known.mean.length}`);
    return this.known;
  }

  observe(observation: ArrayLike<number>): void {
    if (!this.counting) return;
    this.batch ??= new RunningMoments(observation.length);
    this.batch.add(observation);
  }

  begin(): void {
    this.counting = true;
  }

  end(): void {
    const { batch } = this;
    if (batch) this.moments(batch.mean.length).merge(batch);
    this.counting = false;
    this.batch = undefined;
  }

  /** What takes effect; an unfinished batch is no part of it. */
  state(): Json {
    const { count, mean, squares } = this.known ?? new RunningMoments(0);
    return { count, mean: Array.from(mean), squares: Array.from(squares) };
  }

  /** @throws InnerloopError CHECKPOINT_UNREADABLE unless the state is one that {@link state} returns, for observations of this length. */
  restore(state: Json): void {
    const { data, error } = savedState.safeParse(state);
    if (!data) throw misfit('{ count, mean, squares }', z.prettifyError(error));
    const { count, mean, squares } = data;
    const dimension = this.known?.mean.length || mean.length;
    if (mean.length !== dimension || squares.length !== dimension) {
      throw misfit(`lengths of ${dimension}`, `${mean.length} and ${squares.length}`);
    }
    this.known = dimension === 0 ? undefined : new RunningMoments(dimension);
    if (this.known) this.known.count = count;
    this.known?.mean.set(mean);
    this.known?.squares.set(squares);
    this.batch = undefined;
  }
}

function misfit(expected: string, found: string): InnerloopError {
  return new InnerloopError(
    'CHECKPOINT_UNREADABLE',
    `The saved state of the wrapper 'observation-normalization' does not fit these observations: expected ${expected}, found ${found}. ` +
      'Use the tasks and wrappers that the checkpoint was made with.',
  );
}

/**
 * Brings observations to mean 0 and variance 1, by the moments of all observations of training so far:
 *
 *     clip((o − μ) / √(σ² + ε), ±clip)
 *
 * While a batch is collected μ and σ² stay as they are; it counts from its end on. Evaluations count nothing. Before the end of the first batch
 * μ is 0 and σ² is 1. Only trainers that save what wrappers learn take it, as policy-gradient does: the policy is of no use without μ and σ².
 */
export class ObservationNormalization implements Wrapper {
  readonly learned: LearnedWrapping;
  private readonly options: NormalizationOptions;
  private readonly statistics = new LearnedMoments();

  /** @throws ZodError if an option is unknown or out of range. */
  constructor(options: ObservationNormalizationOptions = {}) {
    this.options = normalizationOptions.parse(options);
    this.learned = this.statistics;
  }

  spaces({ observationSpace, actionSpace }: Spaces): Spaces {
    const { clip } = this.options;
    const { low, high } = observationSpace;
    this.statistics.moments(low.length);
    return {
      observationSpace: { kind: 'box', low: low.map(() => -clip), high: high.map(() => clip) },
      actionSpace,
    };
  }

  wrap(environment: Environment): Environment {
    return new NormalizedEnvironment(environment, this.statistics, this.options, this.spaces(environment));
  }
}

class NormalizedEnvironment implements Environment {
  readonly observationSpace: Spaces['observationSpace'];
  readonly actionSpace: Spaces['actionSpace'];
  private readonly normalized: Float64Array;

  constructor(
    private readonly inner: Environment,
    private readonly statistics: LearnedMoments,
    private readonly options: NormalizationOptions,
    spaces: Spaces,
  ) {
    this.observationSpace = spaces.observationSpace;
    this.actionSpace = spaces.actionSpace;
    this.normalized = new Float64Array(spaces.observationSpace.low.length);
  }

  reset(random: Random): ArrayLike<number> {
    return this.normalize(this.inner.reset(random));
  }

  step(action: Action): Step {
    const { observation, reward, terminated, truncated, episodeReturn } = this.inner.step(action);
    return { observation: this.normalize(observation), reward, terminated, truncated, episodeReturn };
  }

  private normalize(observation: ArrayLike<number>): ArrayLike<number> {
    const { normalized, statistics } = this;
    const { epsilon, clip } = this.options;
    assertFinite(observation, normalized.length);
    const moments = statistics.moments(normalized.length);
    for (let d = 0; d < normalized.length; d++) {
      const centred = (observation[d] as number) - (moments.mean[d] as number);
      normalized[d] = Math.min(clip, Math.max(-clip, centred / Math.sqrt(moments.variance(d) + epsilon)));
    }
    statistics.observe(observation);
    return normalized;
  }
}

/** Clipping would hide infinity from those who check observations, and what is counted once stays. */
function assertFinite(observation: ArrayLike<number>, length: number): void {
  for (let d = 0; d < Math.max(length, observation.length); d++) {
    if (d < length && Number.isFinite(observation[d])) continue;
    const found = observation.length === length ? `${observation[d]} at index ${d}` : `${observation.length}`;
    throw new InnerloopError(
      'ENVIRONMENT_INVALID',
      `Wrapper observation-normalization needs observations of ${length} finite numbers, found ${found}. Correct the environment.`,
    );
  }
}

/** `wrappers: [{ use: observation-normalization }]` */
export const observationNormalizationComponent = defineComponent({
  kind: 'wrapper',
  name: 'observation-normalization',
  summary: 'Brings observations to mean 0 and variance 1 by what training has seen; for trainers that save that',
  choose:
    'Where components of the observation differ much in scale, or are far from 0, and their ranges are not known ' +
    'beforehand. Only `policy-gradient` takes it, since `maml` refuses wrappers that learn; elsewhere the policy needs the ' +
    'moments too, which a loaded agent wraps environments with. Where the ranges are known, scale observations in the environment.',
  options: normalizationOptions,
  create: (options) => new ObservationNormalization(options),
});
