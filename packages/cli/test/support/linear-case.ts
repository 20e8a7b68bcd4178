/*
 * Reference cases of policies without hidden layers, computed in float64 by other means than the ones under test: closed-form scores for
 * the inner steps, central differences for every derivative through them, an explicit Hessian, and a plain conjugate gradient.
 */

/** x W + b for the outputs of a linear policy; θ is W `[in, out]`, row-major, then b, then whatever follows. */
function outputs(theta: readonly number[], x: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, j) =>
    x.reduce((sum, value, i) => sum + value * at(theta, i * count + j), at(theta, x.length * count + j)),
  );
}

function at(list: readonly number[], index: number): number {
  return list[index] as number;
}

/** A linear policy, in float64. */
interface LinearPolicy {
  readonly size: number;
  logProbability(theta: readonly number[], x: readonly number[], action: number[]): number;
  /** ∂ log π / ∂θ. */
  score(theta: readonly number[], x: readonly number[], action: number[]): number[];
  kl(p: readonly number[], q: readonly number[], x: readonly number[]): number;
}

/** ∂/∂θ of a function of the outputs, from its derivative by the outputs. */
function throughLayer(x: readonly number[], byOutput: readonly number[]): number[] {
  return [...x.flatMap((value) => byOutput.map((slope) => value * slope)), ...byOutput];
}

function softmaxPolicy(inputs: number, count: number): LinearPolicy {
  const logs = (theta: readonly number[], x: readonly number[]) => {
    const z = outputs(theta, x, count);
    const normalizer = Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0));
    return z.map((value) => value - normalizer);
  };
  return {
    size: (inputs + 1) * count,
    logProbability: (theta, x, [action = 0]) => at(logs(theta, x), action),
    score: (theta, x, [action = 0]) =>
      throughLayer(
        x,
        logs(theta, x).map((log, k) => (k === action ? 1 : 0) - Math.exp(log)),
      ),
    kl: (p, q, x) => {
      const logQ = logs(q, x);
      return logs(p, x).reduce((sum, log, k) => sum + Math.exp(log) * (log - at(logQ, k)), 0);
    },
  };
}

function gaussianPolicy(inputs: number, count: number): LinearPolicy {
  const start = (inputs + 1) * count;
  const logStd = (theta: readonly number[], d: number) => at(theta, start + d);
  const standard = (theta: readonly number[], x: readonly number[], action: number[]) =>
    outputs(theta, x, count).map((mean, d) => (at(action, d) - mean) / Math.exp(logStd(theta, d)));
  return {
    size: start + count,
    logProbability: (theta, x, action) =>
      standard(theta, x, action).reduce(
        (sum, u, d) => sum - 0.5 * u * u - logStd(theta, d) - 0.5 * Math.log(2 * Math.PI),
        0,
      ),
    score: (theta, x, action) => {
      const u = standard(theta, x, action);
      return [
        ...throughLayer(
          x,
          u.map((value, d) => value / Math.exp(logStd(theta, d))),
        ),
        ...u.map((value) => value * value - 1),
      ];
    },
    kl: (p, q, x) => {
      const meanQ = outputs(q, x, count);
      return outputs(p, x, count).reduce((sum, meanP, d) => {
        const [s, t] = [Math.exp(2 * logStd(p, d)), Math.exp(2 * logStd(q, d))];
        return sum + logStd(q, d) - logStd(p, d) + (s + (meanP - at(meanQ, d)) ** 2) / (2 * t) - 0.5;
      }, 0);
    },
  };
}

interface RawBatch {
  readonly observations: number[][];
  readonly actions: number[] | number[][];
  readonly advantages: number[];
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * at(b, i), 0);
const axpy = (x: readonly number[], a: number, y: readonly number[]) => x.map((value, i) => value + a * at(y, i));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const unit = (size: number, i: number) => Array.from({ length: size }, (_, k) => (k === i ? 1 : 0));

/** A small multiplicative generator (Lehmer, modulus 2³¹ − 1), so that the cases need nothing that is under test. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  };
}

/** A case as JSON has it. */
export function linearCase(options: {
  readonly discrete: boolean;
  readonly innerSteps: number;
  readonly seed: number;
}) {
  const { discrete, innerSteps } = options;
  const [inputs, count, n, alpha] = [2, 3, 8, 0.3];
  const random = generator(options.seed);
  const policy = discrete ? softmaxPolicy(inputs, count) : gaussianPolicy(inputs, count);
  const vector = (size: number) => Array.from({ length: size }, random);
  const batch = (): RawBatch => ({
    observations: Array.from({ length: n }, () => vector(inputs)),
    actions: Array.from({ length: n }, () =>
      discrete ? Math.floor((random() + 1) * 1.499) : vector(count),
    ) as number[],
    advantages: vector(n),
  });
  const tasks = [0, 1].map(() => ({ inner: Array.from({ length: innerSteps }, batch), outer: batch() }));
  const theta = vector(policy.size).map((value) => 0.5 * value);
  const raw = vector(policy.size);
  const direction = raw.map((value) => value / Math.sqrt(dot(raw, raw)));
  return {
    name: `linear-${discrete ? 'categorical' : 'gaussian'}`,
    discrete,
    layerSizes: [inputs, count],
    innerLearningRate: alpha,
    innerSteps,
    parameters: nest(theta, inputs, count, discrete),
    tasks,
    direction,
    expected: expectations(policy, tasks, theta, direction, alpha),
  };
}

function nest(theta: readonly number[], inputs: number, count: number, discrete: boolean) {
  const rows = Array.from({ length: inputs + 1 }, (_, i) => theta.slice(i * count, (i + 1) * count));
  const parts = [rows.slice(0, inputs), rows[inputs] as number[]];
  return discrete ? parts : [...parts, theta.slice((inputs + 1) * count)];
}

function expectations(
  policy: LinearPolicy,
  tasks: readonly { readonly inner: readonly RawBatch[]; readonly outer: RawBatch }[],
  theta: readonly number[],
  direction: readonly number[],
  alpha: number,
) {
  const each = <T>(
    { observations, actions, advantages }: RawBatch,
    f: (x: number[], a: number[], weight: number) => T,
  ) => observations.map((x, i) => f(x, [actions[i] as number | number[]].flat(), at(advantages, i)));
  const innerLoss = (phi: readonly number[], batch: RawBatch) =>
    -mean(each(batch, (x, a, weight) => policy.logProbability(phi, x, a) * weight));
  const step = (phi: readonly number[], batch: RawBatch) =>
    each(batch, (x, a, weight) => policy.score(phi, x, a).map((s) => s * weight)).reduce<readonly number[]>(
      (sum, s) => axpy(sum, alpha / batch.advantages.length, s), // −α ∇(−mean(log π · Â))
      phi,
    );
  const adapt = (start: readonly number[], batches: readonly RawBatch[]) => batches.reduce(step, start);
  const old = tasks.map(({ inner }) => adapt(theta, inner));
  const surrogateOf = (phis: readonly (readonly number[])[]) =>
    mean(
      tasks.map(({ outer }, i) => {
        const [phi, before] = [phis[i] as number[], old[i] as number[]];
        const logs = (parameters: number[]) => each(outer, (x, a) => policy.logProbability(parameters, x, a));
        const logsBefore = logs(before);
        return -mean(logs(phi).map((log, k) => Math.exp(log - at(logsBefore, k)) * at(outer.advantages, k)));
      }),
    );
  const adaptAll = (parameters: readonly number[]) => tasks.map(({ inner }) => adapt(parameters, inner));
  const surrogate = (parameters: readonly number[]) => surrogateOf(adaptAll(parameters));
  const kl = (parameters: readonly number[]) =>
    mean(
      adaptAll(parameters).map((phi, i) =>
        mean(each(tasks[i]?.outer as RawBatch, (x) => policy.kl(old[i] as number[], phi, x))),
      ),
    );
  const basis = theta.map((_, i) => unit(theta.length, i));
  const slope = (f: (a: number) => number, h = 1e-5) => (f(h) - f(-h)) / (2 * h);
  const metaGradient = basis.map((e) => slope((a) => surrogate(axpy(theta, a, e))));
  const firstOrderMetaGradient = basis.map((e) => slope((a) => surrogateOf(old.map((phi) => axpy(phi, a, e)))));
  // Second differences of kl with a step of 1e-3: truncation about 1e-6, rounding about 1e-10.
  const second = (u: readonly number[], v: readonly number[], h = 1e-3) => {
    const value = (a: number, b: number) => kl(axpy(axpy(theta, a * h, u), b * h, v));
    return (value(1, 1) - value(1, -1) - value(-1, 1) + value(-1, -1)) / (4 * h * h);
  };
  const hessian = basis.map((u) => basis.map((v) => second(u, v)));
  const multiply = (v: readonly number[]) => hessian.map((row) => dot(row, v));
  const [cgIterations, cgDamping, maxKl, perturbation] = [5, 1e-5, 0.01, 0.05];
  const damped = (v: readonly number[]) => axpy(multiply(v), cgDamping, v);
  const x = solve(damped, metaGradient, cgIterations);
  const fullStep = x.map((value) => -value / Math.sqrt((0.5 * dot(x, damped(x))) / maxKl));
  const perturbed = axpy(theta, perturbation, direction);
  const stepped = axpy(theta, 1, fullStep);
  return {
    innerLoss: tasks.map(({ inner }) => inner.map((batch, k) => innerLoss(adapt(theta, inner.slice(0, k)), batch))),
    adapted: old.map((phi) => [...phi]),
    surrogate: surrogate(theta),
    metaGradient,
    firstOrderMetaGradient,
    klAtTheta: 0,
    klHessianVectorProduct: multiply(direction),
    perturbation,
    surrogateAtPerturbed: surrogate(perturbed),
    klAtPerturbed: kl(perturbed),
    cgIterations,
    cgDamping,
    cgSolution: x,
    maxKl,
    fullStep,
    klAfterFullStep: kl(stepped),
    surrogateAfterFullStep: surrogate(stepped),
  };
}

/** Conjugate gradient from zero. */
function solve(product: (v: readonly number[]) => number[], b: readonly number[], iterations: number): number[] {
  let x = b.map(() => 0);
  let r = [...b];
  let p = [...b];
  for (let i = 0; i < iterations; i++) {
    const z = product(p);
    const a = dot(r, r) / dot(p, z);
    x = axpy(x, a, p);
    const next = axpy(r, -a, z);
    p = axpy(next, dot(next, next) / dot(r, r), p);
    r = next;
  }
  return x;
}
