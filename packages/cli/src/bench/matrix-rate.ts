import { constant, ops, tidy } from '@innerloop/core';

/** How fast the active backend multiplies matrices of one shape. */
export interface MatrixRate {
  /** [rows, inner] × [inner, columns]. */
  readonly shape: readonly [rows: number, inner: number, columns: number];
  /** Of the fastest of many repetitions. */
  readonly gflops: number;
}

const REPETITIONS = 60;

/**
 * The rate of `[rows, inner] × [inner, columns]` in one thread. Numbers are read back once for each repetition, so that a backend which
 * answers late is not flattered.
 */
export function matrixRate(shape: MatrixRate['shape']): MatrixRate {
  const [rows, inner, columns] = shape;
  const flops = 2 * rows * inner * columns;
  const batch = Math.max(1, Math.round(1e8 / flops)); // about 10 ms at 10 GFLOP/s
  const seconds = tidy(() => {
    const a = constant(filled(rows * inner), [rows, inner]);
    const b = constant(filled(inner * columns), [inner, columns]);
    let best = Number.POSITIVE_INFINITY;
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const started = performance.now();
      tidy(() => {
        let product = ops.matMul(a, b);
        for (let i = 1; i < batch; i++) product = ops.matMul(a, b);
        product.values();
      });
      best = Math.min(best, (performance.now() - started) / batch / 1000);
    }
    return best;
  });
  return { shape, gflops: flops / seconds / 1e9 };
}

/** Numbers of no special value: zeros or denormals could be multiplied at another speed. */
function filled(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => ((i * 37) % 101) / 101 + 0.1);
}
