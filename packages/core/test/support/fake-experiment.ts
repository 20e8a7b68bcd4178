import {
  createEventBus,
  type EvaluationRequest,
  type EvaluationResult,
  type EventName,
  type Events,
  evaluationSchema,
  type IterationResult,
  type Json,
  type Logger,
  ParameterLayout,
  type RunDirectory,
  type RunInfo,
  type RunnableExperiment,
  randomStream,
  runSchema,
  type TaskDistribution,
  type Trainer,
} from '../../src/index.js';

/** How a fake trainer behaves beyond the ordinary. */
export interface FakeBehaviour {
  /** Called before each iteration. */
  readonly before?: (iteration: number) => void | Promise<void>;
  /** Replaces what an iteration makes of θ. */
  readonly next?: (iteration: number, parameters: Float64Array) => Float64Array;
  /** Asks for the end of the run. */
  readonly stop?: (iteration: number) => string | undefined;
  /** Replaces the return before adaptation of a task with this goal. */
  readonly score?: (parameters: Float64Array, goal: number) => number;
}

/**
 * A trainer without reinforcement learning: θ moves by a velocity that is driven by θ, by noise of the iteration's own
 * stream, and by the velocity before. So each next θ depends on θ, on the state and on the iteration's number.
 */
export class FakeTrainer implements Trainer {
  readonly layout = new ParameterLayout([
    { name: 'hidden0/weights', shape: [2, 2] },
    { name: 'output/bias', shape: [2] },
  ]);
  parameters: Float64Array = Float64Array.of(0.1, -0.2, 0.3, -0.4, 0.5, -0.6);
  private velocity: Float64Array = new Float64Array(6);
  /** What {@link evaluate} was asked, and with which state. */
  readonly evaluations: { readonly request: EvaluationRequest; readonly state: Json | undefined }[] = [];

  constructor(private readonly behaviour: FakeBehaviour = {}) {}

  async iterate(iteration: number): Promise<IterationResult> {
    const started = performance.now();
    await this.behaviour.before?.(iteration);
    const random = randomStream({ seed: 1, purpose: 'train', iteration });
    this.velocity = this.velocity.map(
      (v, i) => 0.9 * v + Math.sin(3 * (this.parameters[i] as number)) + random.normal(),
    );
    const moved = this.parameters.map((p, i) => p - 0.1 * (this.velocity[i] as number));
    // In place, as a trainer may: who wants to keep θ must copy it.
    this.parameters.set(this.behaviour.next?.(iteration, moved) ?? moved);
    const stop = this.behaviour.stop?.(iteration);
    const metrics = {
      iteration,
      'return/after': -this.parameters.reduce((total, p) => total + p * p, 0),
      gradientNorm: Math.hypot(...this.velocity),
      accepted: true,
      'time/iteration': (performance.now() - started) / 1000,
    };
    return stop === undefined ? { metrics } : { metrics, stop };
  }

  /** The return of goal g after s steps is score · 2⁻ˢ, where score is −|θ₀ − g| unless replaced. */
  async evaluate(
    request: EvaluationRequest,
    parameters: Float64Array = this.parameters,
    state?: Json,
  ): Promise<EvaluationResult> {
    this.evaluations.push({ request, state });
    const { tasks, steps, examples = 0, onProgress } = request;
    const score = this.behaviour.score ?? ((theta, goal) => -Math.abs((theta[0] as number) - goal));
    const scores = tasks.map((task, index) => {
      onProgress?.(index + 1, tasks.length);
      return score(parameters, (task as { goal: number }).goal);
    });
    return {
      steps: Array.from({ length: steps + 1 }, (_, step) => {
        const returns = scores.map((value) => value * 0.5 ** step);
        return { step, meanReturn: returns.reduce((a, b) => a + b, 0) / returns.length, ci95: 0.25, returns };
      }),
      examples: tasks.slice(0, examples).map((task) => ({
        task,
        episodes: [{ observations: [[0], [1]], rewards: [-1] }],
      })),
    };
  }

  state(): Json {
    return { velocity: [...this.velocity] };
  }

  restore(parameters: Float64Array, state: Json): void {
    this.parameters = parameters.slice();
    this.velocity = Float64Array.from((state as { velocity: number[] }).velocity);
  }

  async close(): Promise<void> {}
}

/** Goals on a line, drawn from a normal distribution; one named set. */
export const fakeTasks: TaskDistribution<{ readonly goal: number }> = {
  observationSpace: { kind: 'box', low: [-1], high: [1] },
  actionSpace: { kind: 'discrete', count: 2 },
  horizon: 1,
  sample: (random, count) => Array.from({ length: count }, () => ({ goal: random.normal() })),
  create: () => {
    throw new Error('the fake trainer makes no environments');
  },
  taskSets: { 'two-goals': [{ goal: -1 }, { goal: 2 }] },
  references: [{ label: 'Somebody 2017', meanReturn: [-3, -1], source: 'a table' }],
  view: ({ goal }) => ({ axes: [0, 0], target: [goal, 0] }),
};

/** An experiment that `runTraining` can run, with what was announced. */
export interface FakeExperiment extends RunnableExperiment {
  readonly trainer: FakeTrainer;
  /** Every event so far. */
  readonly seen: { readonly name: EventName; readonly payload: unknown }[];
}

/** Builds one. Without options: 10 iterations, a checkpoint every second, an evaluation every third. */
export function fakeExperiment(
  options: {
    readonly run?: Parameters<typeof runSchema.parse>[0];
    readonly evaluation?: Record<string, unknown>;
    readonly loggers?: readonly Logger[];
    readonly behaviour?: FakeBehaviour;
  } = {},
): FakeExperiment {
  const events = createEventBus();
  const seen: { name: EventName; payload: unknown }[] = [];
  events.onAny((name, payload) => seen.push({ name, payload }));
  const loggers = options.loggers ?? [];
  return {
    config: {
      run: runSchema.parse({ name: 'fake', iterations: 10, checkpointEvery: 2, ...(options.run as object) }),
      evaluation: evaluationSchema.parse({
        every: 3,
        tasks: 4,
        ...options.evaluation,
        final: { tasks: 5, steps: 2, examples: 1, ...(options.evaluation?.final as object) },
      }),
      loggers: loggers.map(() => ({ use: 'spy' })),
    },
    events,
    loggers,
    seen,
    trainer: new FakeTrainer(options.behaviour),
    tasks: fakeTasks as unknown as TaskDistribution,
  };
}

/** What a run's `run.json` may say. */
export const RUN_INFO: RunInfo = {
  innerloop: '0.1.0',
  node: 'v20.19.0',
  backend: { name: 'cpu', reason: 'cpu was asked for' },
  created: '2026-01-02T03:04:05.000Z',
  source: null,
  plugins: [],
};

/** The metrics of a run, without what may differ from one run to another. */
export async function comparableMetrics(directory: RunDirectory): Promise<Record<string, unknown>[]> {
  return (await directory.readMetrics()).map((line) =>
    Object.fromEntries(Object.entries(line).filter(([name]) => !/^(time|memory)\//.test(name))),
  );
}

/** The payloads of every event of that name so far. */
export function payloads<Name extends keyof Events>(experiment: FakeExperiment, name: Name): Events[Name][] {
  return experiment.seen.filter((event) => event.name === name).map((event) => event.payload as Events[Name]);
}

/** A trainer whose θ₀ is the number of iterations, and whose return is looked up there. */
export function scripted(scores: Readonly<Record<number, number>>): FakeBehaviour {
  return {
    next: (iteration: number, parameters: Float64Array) => parameters.with(0, iteration),
    score: ([iteration]: Float64Array) => scores[iteration as number] ?? -100,
  };
}
