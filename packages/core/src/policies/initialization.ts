import { z } from 'zod';
import type { Random } from '../numerics/random.js';

/** Fills a weight matrix `[rows, columns]` (inputs, outputs), row-major. */
type Fill = (rows: number, columns: number, random: Random) => Float64Array;

/**
 * How weights are drawn; biases are 0.
 *
 * - `xavier-uniform`: uniform on ±√(6 / (in + out)), variance 2 / (in + out) (Glorot and Bengio 2010, "Understanding the difficulty of training
 *   deep feedforward neural networks", equation 16)
 * - `xavier-normal`: normal with the same variance
 * - `he-uniform`: uniform on ±√(6 / in), variance 2 / in, for relu (He et al. 2015, "Delving Deep into Rectifiers", equation 10)
 * - `orthogonal`: columns of length 1 at right angles to each other, or rows where there are fewer of these, of uniform direction (Saxe et al.
 *   2014, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks")
 */
const INITIALIZATIONS = {
  'xavier-uniform': (rows, columns, random) => uniform(Math.sqrt(6 / (rows + columns)), rows * columns, random),
  'xavier-normal': (rows, columns, random) => {
    const deviation = Math.sqrt(2 / (rows + columns));
    return Float64Array.from({ length: rows * columns }, () => deviation * random.normal());
  },
  'he-uniform': (rows, columns, random) => uniform(Math.sqrt(6 / rows), rows * columns, random),
  orthogonal: (rows, columns, random) => {
    if (columns > rows) return orthonormal(rows, columns, random);
    const transposed = orthonormal(columns, rows, random);
    return Float64Array.from(
      { length: rows * columns },
      (_, i) => transposed[(i % columns) * rows + Math.floor(i / columns)] as number,
    );
  },
} as const satisfies Record<string, Fill>;

/** The name of a way to draw weights. */
export type Initialization = keyof typeof INITIALIZATIONS;

/** Options of policies for their first parameters. */
export const initializationOptions = {
  initialization: z
    .enum(Object.keys(INITIALIZATIONS) as [Initialization, ...Initialization[]])
    .default('xavier-uniform')
    .describe('How weights are drawn; he-uniform is for relu. Biases are 0'),
  outputScale: z
    .number()
    .positive()
    .default(1)
    .describe(
      'Weights of the last layer are multiplied by this, above 0; 0.01 makes the first policy nearly the same in every state',
    ),
};

/** See {@link initializationOptions}. */
export type InitializationOptions = z.output<z.ZodObject<typeof initializationOptions>>;

/** What is drawn where nothing else is asked for. */
export const DEFAULT_INITIALIZATION: InitializationOptions = { initialization: 'xavier-uniform', outputScale: 1 };

/** Draws the weights of one layer, `[rows, columns]`, row-major. */
export function drawWeights(name: Initialization, rows: number, columns: number, random: Random): Float64Array {
  return INITIALIZATIONS[name](rows, columns, random);
}

function uniform(bound: number, count: number, random: Random): Float64Array {
  return Float64Array.from({ length: count }, () => bound * (2 * random.uniform() - 1));
}

/**
 * `count` orthonormal vectors of length `size`, one after the other, `count` ≤ `size`: Gram and Schmidt's process on normal vectors, whose
 * directions are uniform. Each vector is projected twice, which keeps right angles to rounding error.
 */
function orthonormal(count: number, size: number, random: Random): Float64Array {
  const all = new Float64Array(count * size);
  for (let k = 0; k < count; k++) {
    const vector = all.subarray(k * size, (k + 1) * size);
    for (let d = 0; d < size; d++) vector[d] = random.normal();
    for (const _pass of [1, 2]) {
      for (let j = 0; j < k; j++) {
        const other = all.subarray(j * size, (j + 1) * size);
        addScaled(vector, other, -dot(vector, other));
      }
    }
    const length = Math.sqrt(dot(vector, vector));
    for (let d = 0; d < size; d++) vector[d] = (vector[d] as number) / length;
  }
  return all;
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((total, value, i) => total + value * (b[i] as number), 0);
}

function addScaled(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i] = (a[i] as number) + factor * (b[i] as number);
}
