import { z } from 'zod';

/** The files of a run directory as the report reads them. Keys it does not know are left alone. */

const json = z.json();
const point = z.tuple([z.number(), z.number()]);
const index = z.int().nonnegative();

/** One line of `metrics.jsonl`. */
export const metricsLineSchema = z
  .object({ iteration: z.int().nonnegative() })
  .catchall(z.union([z.number(), z.boolean(), z.string(), z.null()]));

/** `run.json`. */
export const runInfoSchema = z.object({
  innerloop: z.string(),
  node: z.string(),
  backend: z.object({ name: z.string(), reason: z.string() }),
  created: z.string(),
  source: z.string().nullable(),
  plugins: z.array(json),
});

const component = z.object({ use: z.string() }).catchall(json);

/** `config.yaml`, resolved. Slots that a trainer does not have are absent. */
export const configSchema = z
  .object({
    run: z.object({ name: z.string(), seed: z.number(), iterations: z.number() }).catchall(json),
    trainer: component,
    tasks: component,
    wrappers: z.array(component).optional(),
    policy: component,
    objective: component.optional(),
    inner: component.optional(),
    meta: component.optional(),
    optimizer: component.optional(),
    advantages: component.optional(),
    baseline: component.optional(),
    evaluation: z.object({ score: z.string().optional() }).catchall(json).optional(),
  })
  .catchall(json);

const view = z.object({ axes: z.tuple([index, index]), target: point.optional() });

const reference = z.object({
  label: z.string(),
  meanReturn: z.array(z.number()),
  ci95: z.array(z.number()).optional(),
  source: z.string(),
  taskSet: z.string().optional(),
  greedy: z.boolean().optional(),
});

const result = z.object({
  steps: z
    .array(z.object({ step: index, meanReturn: z.number(), ci95: z.number(), returns: z.array(z.number()) }))
    .min(1),
  examples: z.array(
    z.object({
      task: json,
      episodes: z.array(z.object({ observations: z.array(z.array(z.number())), rewards: z.array(z.number()) })),
    }),
  ),
});

/** What the report reads of `checkpoints/last.json`. */
export const checkpointSchema = z.object({ iterations: z.int().min(0) });

/** `evaluation.json`. */
export const evaluationSchema = z
  .object({
    tasks: z.array(json).min(1),
    taskSet: z.string().nullable(),
    seed: z.number(),
    rollouts: z.number(),
    greedy: z.boolean().default(false),
    stepSizes: z.array(z.number()).nullable(),
    checkpoint: z.string(),
    iteration: z.number(),
    references: z.array(reference),
    views: z.array(view.nullable()),
    result,
  })
  .superRefine((evaluation, context) => {
    const { tasks, views } = evaluation;
    const { steps, examples } = evaluation.result;
    const fail = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
    steps.forEach(({ returns }, at) => {
      if (returns.length !== tasks.length)
        fail(['result', 'steps', at, 'returns'], `expected one a task, ${tasks.length}, found ${returns.length}`);
    });
    if (views.length !== examples.length)
      fail(['views'], `expected one an example, ${examples.length}, found ${views.length}`);
    if (examples.length > tasks.length)
      fail(['result', 'examples'], `expected at most one a task, ${tasks.length}, found ${examples.length}`);
    examples.forEach(({ episodes }, at) => {
      const axes = views[at]?.axes ?? [0];
      const short = episodes.some(({ observations }) => observations.some((row) => axes.some((a) => a >= row.length)));
      if (short) fail(['views', at, 'axes'], `expected components of the observation, found ${axes.join(', ')}`);
    });
  });

/** A file that holds an evaluation and says what it is of. */
export const recordSchema = z.object({ label: z.string().optional(), evaluation: evaluationSchema });

/** One iteration's figures by name. */
export type MetricsLine = z.output<typeof metricsLineSchema>;
/** What a run was made with. */
export type RunInfo = z.output<typeof runInfoSchema>;
/** The resolved config, as far as the report reads it. */
export type ReportConfig = z.output<typeof configSchema>;
/** The final evaluation. */
export type FinalEvaluation = z.output<typeof evaluationSchema>;

/** Another evaluation, to be shown beside the run's own. */
export interface Comparison {
  readonly label: string;
  /** The file that it was read from, as people would type it. */
  readonly source: string;
  readonly evaluation: FinalEvaluation;
}

/** All that a report is made of. */
export interface ReportData {
  /** The run directory, as command lines should name it. */
  readonly directory: string;
  readonly run: RunInfo;
  readonly config: ReportConfig;
  /** The text of `config.yaml`. */
  readonly configText: string;
  /** How many iterations the run is to have: as its config says, or more where it was taken further. */
  readonly iterations: number;
  /** In the order of their iterations; may be empty. */
  readonly metrics: readonly MetricsLine[];
  /** `null` if the run has none yet. */
  readonly evaluation: FinalEvaluation | null;
  /** Shown with the evaluation; none if left out. */
  readonly comparisons?: readonly Comparison[];
}
