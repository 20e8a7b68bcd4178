// One task of 2D navigation, 2-64-64-2 tanh Gaussian policy, 2000 samples before and 2000 after one adaptation step: the time of
// one exact gradient and of one Gauss-Newton product, on each backend that loads here, in turns. After a build:
//
//   node benchmarks/backends.mjs [rounds]
//
// Graphs run on the tensor backend; the written-out kernels, for comparison, are the same whatever the backend.
import { GaussianMlpPolicy, randomStream, useBackend } from '@innerloop/core';
import { MamlObjective } from '@innerloop/maml';
import { VpgInnerOptimizer } from '@innerloop/optim-vpg';

const STEPS = 2000;
const REPETITIONS = 5;
const rounds = Number(process.argv[2] ?? 7);

const box = (size) => ({ kind: 'box', low: Array(size).fill(-1), high: Array(size).fill(1) });
const policy = new GaussianMlpPolicy(
  { observationSpace: box(2), actionSpace: box(2) },
  { hiddenSizes: [64, 64], activation: 'tanh', initialStd: 1, minStd: 1e-6 },
);
const inner = new VpgInnerOptimizer(policy, { learningRate: 0.1, loss: 'log-likelihood', average: 'steps' });
const random = randomStream({ seed: 1, purpose: 'user' });
const normals = (length, type) => type.from({ length }, () => random.normal());
const batch = () => ({
  steps: STEPS,
  episodes: 20,
  observations: normals(2 * STEPS, Float32Array),
  actions: normals(2 * STEPS, Float32Array),
  advantages: normals(STEPS, Float64Array),
  logProbabilities: normals(STEPS, Float64Array).map((x) => -1.8 - 0.5 * x * x),
});
const data = { inner: [batch()], outer: batch() };
const theta = policy.initialize(randomStream({ seed: 1, purpose: 'initialize' }));
const v = normals(theta.length, Float64Array);

/** Milliseconds of one call, the mean of a few. */
function time(call) {
  call();
  const began = performance.now();
  for (let i = 0; i < REPETITIONS; i++) call();
  return (performance.now() - began) / REPETITIONS;
}

const SETUPS = [
  { name: 'graph on native', backend: 'native', engine: 'graph' },
  { name: 'graph on wasm', backend: 'wasm', engine: 'graph' },
  { name: 'graph on cpu', backend: 'cpu', engine: 'graph' },
  { name: 'written-out kernels', backend: 'wasm', engine: 'kernels' },
];

const results = new Map();
for (let round = 0; round < rounds; round++) {
  for (const { name, backend, engine } of SETUPS) {
    const report = await useBackend(backend).catch((error) =>
      round === 0 ? console.log(`${name}: ${error.message}`) : 0,
    );
    if (!report) continue;
    if (backend === 'cpu' && round > 1) continue; // Slow, and nobody's choice for speed.
    const objective = new MamlObjective(policy, inner, { derivative: 'exact', curvature: 'gauss-newton', engine });
    const task = objective.bind(data, theta);
    const result = results.get(name) ?? { gradient: [], curvature: [], reason: report.reason };
    result.gradient.push(time(() => task.gradient(theta)));
    result.curvature.push(time(() => task.curvature(v)));
    result.product = task.curvature(v);
    results.set(name, result);
    task.dispose();
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const norm = (values) => Math.sqrt(values.reduce((total, x) => total + x * x, 0));
const reference = results.get('graph on wasm').product;
for (const [name, { gradient, curvature, product, reason }] of results) {
  const [g, c] = [gradient, curvature].map(
    (values) => `${median(values).toFixed(1)} (${Math.min(...values).toFixed(1)})`,
  );
  const off = norm(product.map((x, i) => x - reference[i])) / norm(reference);
  console.log(
    `${name}: gradient ${g} ms, curvature product ${c} ms, median (best); off wasm ${off.toExponential(1)}; ${reason}`,
  );
}
