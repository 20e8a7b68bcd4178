import { z } from 'zod';
import type { Json } from '../contracts/json.js';
import { BACKENDS } from '../numerics/backend.js';
import type { ComponentKind, ComponentKinds, LIST_SLOTS, ListSlot, SLOTS, Slot } from '../plugins/tokens.js';

const seed = (description: string) =>
  z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .describe(`${description}; a whole number from 0 to 2³² − 1`);

const count = (description: string, max: number, min = 1) =>
  z.int().min(min).max(max).describe(`${description}; a whole number of at least ${min}`);

// The upper bounds are those of the random streams' indices.
const tasks = (description: string) => count(description, 2 ** 20);
const steps = (description: string) => count(description, 2 ** 12 - 1, 0);
const EVALUATION_STEPS =
  'Adaptation steps; returns are measured after 0, 1, …, steps. Always 0 with a trainer that does not adapt';
const rollouts = (description: string) => count(description, 2 ** 28);

const stepSizes = z
  .array(z.number().positive())
  .min(1)
  .optional()
  .describe("Replaces the inner optimizer's step size at each step, the last one repeated; each > 0. Absent: its own");

/** `run:`. */
export const runSchema = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u,
        "a text of letters, digits, '.', '_' and '-' that begins with a letter or digit",
      )
      .default('experiment')
      .describe("Names the run and its directory; letters, digits, '.', '_' and '-'. Absent: the config file's name"),
    seed: seed('Seeds every random stream of training').default(1),
    iterations: count(
      'How many iterations (meta-steps) to run; 0 evaluates the initial parameters',
      2 ** 32 - 1,
      0,
    ).default(100),
    backend: z
      .enum(BACKENDS)
      .default('auto')
      .describe(
        'The tensor backend; auto takes native where it loads, wasm otherwise, cpu last, and says which and why',
      ),
    checkpointEvery: count('A checkpoint is saved after every so many iterations', 2 ** 32 - 1).default(1),
    workers: z
      .union([z.literal('auto'), z.int().min(0).max(256)])
      .default('auto')
      .describe(
        'Worker threads that share the tasks; 0 means none. auto takes one for each core, at most 4, at most one for each task of an iteration. Changes no number',
      ),
    workerTimeout: z
      .number()
      .positive()
      .max(2_000_000)
      .default(600)
      .describe('Seconds after which a worker that does not answer a request is given up; above 0'),
  })
  .describe('The run as a whole');

/** `evaluation.final:`. */
export const finalEvaluationSchema = z
  .strictObject({
    tasks: z
      .union([tasks('How many tasks'), z.string().min(1)])
      .default(40)
      .describe('How many unseen tasks to draw (at least 1), or the name of one of the task sets of `tasks`'),
    steps: steps(EVALUATION_STEPS).default(3),
    rollouts: rollouts('Episodes per task and adaptation step').default(20),
    seed: seed('Seeds the final evaluation').default(2000),
    stepSizes,
    examples: count('How many tasks to keep an example episode of, for the report', 2 ** 20, 0).default(6),
  })
  .describe('The evaluation after training, on unseen tasks');

/** `evaluation:`. */
export const evaluationSchema = z
  .strictObject({
    every: count(
      'Validation tasks are evaluated after every so many iterations; 0 means never',
      2 ** 32 - 1,
      0,
    ).default(10),
    tasks: tasks('How many validation tasks').default(20),
    steps: steps(EVALUATION_STEPS).default(1),
    rollouts: rollouts('Episodes per task and adaptation step').default(20),
    seed: seed('Seeds the validation tasks and their evaluation').default(1000),
    greedy: z
      .boolean()
      .default(false)
      .describe(
        'Whether to measure the mode of the policy in place of sampled actions, in validation and in the final evaluation',
      ),
    score: z
      .enum(['adapted', 'total'])
      .default('adapted')
      .describe(
        'What checkpoints are compared by: the return after the last adaptation step, or the total of all episodes of a task, those ' +
          'adapted to included, which is then shown too; total needs sampled actions (greedy: false)',
      ),
    keepBest: z
      .boolean()
      .default(true)
      .describe('Whether to keep the checkpoint that does best on the validation tasks'),
    stepSizes,
    final: finalEvaluationSchema.prefault({}),
  })
  .refine(({ score, greedy }) => score === 'adapted' || !greedy, {
    path: ['score'],
    message: "'adapted', since with greedy: true what is measured is not what was adapted to",
  })
  .describe('Evaluation on validation tasks during training, and on unseen tasks after it');

/** `plugins:`. */
export const pluginsSchema = z
  .array(z.string().min(1))
  .default([])
  .describe("Plugins to load, by package name or by a path that begins with './', relative to the config's folder");

/** `run:` with every default filled in. */
export type RunConfig = z.output<typeof runSchema>;

/** `evaluation:` with every default filled in. */
export type EvaluationConfig = z.output<typeof evaluationSchema>;

/** A component as a config chooses it. */
export type ComponentConfig = { readonly use: string; readonly [option: string]: Json };

/** What `use` says in a resolved config where the user's own object was given in code. */
export const OWN_OBJECT = '(object given in code)';

/** An experiment's config with every default filled in: plain JSON. */
export type ResolvedConfig = {
  readonly run: RunConfig;
  readonly trainer: ComponentConfig;
  readonly objective?: ComponentConfig;
  readonly tasks: ComponentConfig;
  readonly wrappers: readonly ComponentConfig[];
  readonly policy: ComponentConfig;
  readonly inner?: ComponentConfig;
  readonly meta?: ComponentConfig;
  readonly optimizer?: ComponentConfig;
  readonly advantages: ComponentConfig;
  readonly baseline: ComponentConfig;
  readonly evaluation: EvaluationConfig;
  readonly checks: readonly ComponentConfig[];
  readonly loggers: readonly ComponentConfig[];
  readonly plugins: readonly string[];
};

/** What may stand where one component is chosen: its name, its name with options, or an object of one's own. */
export type Choice<Kind extends ComponentKind> =
  | string
  | { readonly use: string; readonly [option: string]: unknown }
  | ComponentKinds[Kind];

/** An experiment as a user writes it. Slots that a trainer needs beyond the common ones depend on the trainer. */
export type ExperimentConfig = {
  readonly run?: z.input<typeof runSchema>;
  readonly evaluation?: z.input<typeof evaluationSchema>;
  readonly plugins?: readonly string[];
} & { readonly [Key in Slot]?: Choice<(typeof SLOTS)[Key]> } & {
  readonly [Key in ListSlot]?: readonly Choice<(typeof LIST_SLOTS)[Key]>[];
};
