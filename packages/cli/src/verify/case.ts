import { readFile } from 'node:fs/promises';
import { type Batch, didYouMean, type InnerloopError, messageOf, type TaskData } from '@innerloop/core';
import { z } from 'zod';
import { ShapeReader } from './shapes.js';

/**
 * Reference cases: a policy, the batches of some tasks, and what automatic differentiation in float64 makes of them. See
 * packages/maml/reference. A file is taken only if every key is there, none is unknown and every array has the shape that
 * `layerSizes`, `innerSteps` and the lengths of the batches demand.
 */

/** What a case expects. Vectors are flat, in the order of the case's parameters. */
export interface ExpectedQuantities {
  /** `[tasks][1 … innerSteps]`: the inner loss before each of the first inner steps. */
  readonly innerLoss: readonly Float64Array[];
  /** φ of each task. */
  readonly adapted: readonly Float64Array[];
  readonly surrogate: number;
  readonly metaGradient: Float64Array;
  readonly firstOrderMetaGradient: Float64Array;
  readonly klAtTheta: number;
  readonly klHessianVectorProduct: Float64Array;
  /** How far along the direction the next two are evaluated. */
  readonly perturbation: number;
  readonly surrogateAtPerturbed: number;
  readonly klAtPerturbed: number;
  readonly cgIterations: number;
  readonly cgDamping: number;
  readonly cgSolution: Float64Array;
  readonly maxKl: number;
  readonly fullStep: Float64Array;
  readonly klAfterFullStep: number;
  readonly surrogateAfterFullStep: number;
}

/** A reference case, checked. */
export interface VerifyCase {
  readonly file: string;
  readonly name: string;
  /** Categorical policy, or diagonal Gaussian. */
  readonly discrete: boolean;
  /** Input, hidden…, output. */
  readonly layerSizes: readonly number[];
  readonly innerLearningRate: number;
  /** θ, flat: W and b of each layer, then log σ of a Gaussian. */
  readonly parameters: Float64Array;
  readonly tasks: readonly TaskData[];
  /** v, flat. */
  readonly direction: Float64Array;
  readonly expected: ExpectedQuantities;
}

/** Looked at by {@link ShapeReader}; optional here, so that it also reports one that is missing. */
const array = z.unknown().optional();

const batchSchema = z.strictObject({ observations: array, actions: array, advantages: array });

const expectedSchema = z.strictObject({
  innerLoss: array,
  adapted: array,
  surrogate: z.number(),
  metaGradient: array,
  firstOrderMetaGradient: array,
  klAtTheta: z.number(),
  klHessianVectorProduct: array,
  perturbation: z.number(),
  surrogateAtPerturbed: z.number(),
  klAtPerturbed: z.number(),
  cgIterations: z.int().min(1),
  cgDamping: z.number().min(0),
  cgSolution: array,
  maxKl: z.number().positive(),
  fullStep: array,
  klAfterFullStep: z.number(),
  surrogateAfterFullStep: z.number(),
});

const caseSchema = z.strictObject({
  name: z.string().min(1),
  discrete: z.boolean(),
  layerSizes: z.array(z.int().min(1)).min(2),
  innerLearningRate: z.number(),
  innerSteps: z.int().min(1),
  parameters: array,
  tasks: z.array(z.strictObject({ inner: z.array(batchSchema), outer: batchSchema })).min(1),
  direction: array,
  expected: expectedSchema,
});

type RawCase = z.output<typeof caseSchema>;

/**
 * Reads a reference case.
 *
 * @throws InnerloopError VERIFY_CASE_INVALID that names the file, the key, what was expected and what was found.
 */
export async function readVerifyCase(file: string): Promise<VerifyCase> {
  const reader = new ShapeReader(file);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw reader.fail('', 'a readable JSON file', `none (${messageOf(error)})`);
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw reader.fail('', 'JSON', `text that is not (${messageOf(error)})`);
  }
  return parseVerifyCase(data, file);
}

/** Like {@link readVerifyCase}, from parsed JSON. */
export function parseVerifyCase(data: unknown, file: string): VerifyCase {
  const reader = new ShapeReader(file);
  const parsed = caseSchema.safeParse(data);
  if (!parsed.success) throw schemaError(parsed.error, data, reader);
  const raw = parsed.data;
  const { name, discrete, layerSizes, innerLearningRate } = raw;
  const shapes = parameterShapes(layerSizes, discrete);
  const parts = reader.listOf(
    shapes.length,
    raw.parameters,
    'parameters',
    'W and b of each layer, then logStd if Gaussian',
  );
  const parameters = shapes.flatMap((shape, i) => [...reader.numbers(parts[i], shape, `parameters[${i}]`)]);
  const size = parameters.length;
  return {
    file,
    name,
    discrete,
    layerSizes,
    innerLearningRate,
    parameters: Float64Array.from(parameters),
    tasks: raw.tasks.map((task, i) => readTask(task, raw, `tasks[${i}]`, reader)),
    direction: reader.numbers(raw.direction, [size], 'direction'),
    expected: readExpected(raw, size, reader),
  };
}

/** W and b of each layer, then log σ of a Gaussian. */
function parameterShapes(layerSizes: readonly number[], discrete: boolean): number[][] {
  const layers = layerSizes.slice(1).flatMap((width, i) => [[layerSizes[i] as number, width], [width]]);
  return discrete ? layers : [...layers, [layerSizes.at(-1) as number]];
}

function readTask(task: RawCase['tasks'][number], raw: RawCase, path: string, reader: ShapeReader): TaskData {
  const inner = reader.listOf(raw.innerSteps, task.inner, `${path}.inner`, 'one batch for each inner step');
  return {
    inner: inner.map((batch, k) => readBatch(batch as RawBatch, raw, `${path}.inner[${k}]`, reader)),
    outer: readBatch(task.outer, raw, `${path}.outer`, reader),
  };
}

type RawBatch = z.output<typeof batchSchema>;

function readBatch(batch: RawBatch, { layerSizes, discrete }: RawCase, path: string, reader: ShapeReader): Batch {
  const observationSize = layerSizes[0] as number;
  const outputs = layerSizes.at(-1) as number;
  const steps = reader.list(batch.observations, `${path}.observations`).length;
  const observations = reader.numbers(batch.observations, [steps, observationSize], `${path}.observations`);
  const actions = reader.numbers(batch.actions, discrete ? [steps] : [steps, outputs], `${path}.actions`);
  const wrong = discrete ? actions.findIndex((a) => !Number.isInteger(a) || a < 0 || a >= outputs) : -1;
  if (wrong >= 0) {
    throw reader.fail(`${path}.actions[${wrong}]`, `a whole number from 0 to ${outputs - 1}`, String(actions[wrong]));
  }
  return {
    steps,
    episodes: 1, // The inner loss is a mean over steps.
    observations: Float32Array.from(observations),
    actions: Float32Array.from(actions),
    advantages: reader.numbers(batch.advantages, [steps], `${path}.advantages`),
    logProbabilities: new Float64Array(steps), // Of the behaviour policy; the log-likelihood loss does not use them.
  };
}

function readExpected(raw: RawCase, size: number, reader: ShapeReader): ExpectedQuantities {
  const { expected, tasks, innerSteps } = raw;
  const vector = (key: keyof RawCase['expected']) => reader.numbers(expected[key], [size], `expected.${key}`);
  const perTask = (key: 'innerLoss' | 'adapted') =>
    reader.listOf(tasks.length, expected[key], `expected.${key}`, 'one entry for each task');
  return {
    ...expected,
    innerLoss: perTask('innerLoss').map((losses, i) => {
      const path = `expected.innerLoss[${i}]`;
      const count = reader.list(losses, path).length;
      if (count > innerSteps)
        throw reader.fail(path, `at most ${innerSteps} losses, one for each inner step`, `${count}`);
      return reader.numbers(losses, [count], path);
    }),
    adapted: perTask('adapted').map((phi, i) => reader.numbers(phi, [size], `expected.adapted[${i}]`)),
    metaGradient: vector('metaGradient'),
    firstOrderMetaGradient: vector('firstOrderMetaGradient'),
    klHessianVectorProduct: vector('klHessianVectorProduct'),
    cgSolution: vector('cgSolution'),
    fullStep: vector('fullStep'),
  };
}

/** The first thing that is wrong, in words. */
function schemaError(error: z.ZodError, data: unknown, reader: ShapeReader): InnerloopError {
  const [issue] = error.issues;
  if (!issue) return reader.fail('', 'a reference case', 'something else');
  const path = issue.path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`;
    return text === '' ? String(key) : `${text}.${String(key)}`;
  }, '');
  const here = issue.path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], data);
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const known = knownKeys(issue.path);
    return reader.fail(path, `the keys ${known.join(', ')}`, `the unknown key '${key}'${didYouMean(key, known)}`);
  }
  return reader.fail(
    path,
    expectation(issue),
    here === undefined ? 'nothing: the key is missing' : JSON.stringify(here),
  );
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  if (path.length === 0) return Object.keys(caseSchema.shape);
  if (path[0] === 'expected') return Object.keys(expectedSchema.shape);
  return path.length === 2 ? ['inner', 'outer'] : Object.keys(batchSchema.shape);
}

function expectation(issue: z.ZodError['issues'][number]): string {
  if (issue.code === 'invalid_type') return `a value of type ${issue.expected}`;
  if (issue.code === 'too_small') return `at least ${issue.minimum}${issue.origin === 'array' ? ' entries' : ''}`;
  return issue.message;
}
