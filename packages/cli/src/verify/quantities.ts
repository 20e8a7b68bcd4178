import type { CurvatureMethod } from '@innerloop/maml';
import { conjugateGradient } from '@innerloop/optim-trpo';
import type { VerifyCase } from './case.js';
import { CaseProblem, type Engine } from './problem.js';
import { addScaled, dot, norm, relativeError } from './vectors.js';

/*
 * Every expected quantity of a reference case, computed with the components that training uses, in float32.
 *
 * Conjugate gradient amplifies rounding, so its solution x and the full step s are not compared number by number. What holds whatever
 * the rounding, with g the gradient and H the damped Hessian of KL:
 *
 *   - our own solution leaves about the same residual as the file's, and our own full step reaches about the same KL;
 *   - the residual Hx − g of the file's x is orthogonal to the first Krylov vectors g, Hg, H²g, as conjugate gradient leaves it;
 *   - the file's s is a negative multiple of such an x, and as long as the KL limit allows: ½ sᵀHs = maxKl.
 */

/** How one comparison came out. */
export interface Comparison {
  /** How the error was measured, in a word or two. */
  readonly measure: string;
  readonly error: number;
  readonly tolerance: number;
}

/** One expected quantity of a case, compared. */
export interface QuantityResult extends Comparison {
  /** Its key under `expected`. */
  readonly quantity: string;
  readonly passed: boolean;
}

/** How a whole case came out. */
export interface CaseResult {
  readonly name: string;
  readonly file: string;
  readonly passed: boolean;
  readonly quantities: readonly QuantityResult[];
  /**
   * Norm-relative error of the Hessian-vector product by the two other methods; not judged, since a finite difference has an
   * error of its own.
   */
  readonly otherCurvatures: Readonly<Record<Exclude<CurvatureMethod, 'gauss-newton'>, number>>;
}

const VECTOR_TOLERANCE = 1e-4;
const SURROGATE_TOLERANCE = 1e-5;
const KL_ABSOLUTE = 2e-6;
const KL_RELATIVE = 2e-3;
const RESIDUAL_FACTOR = 2;
const RESIDUAL_FLOOR = 1e-4;
const STEP_KL_TOLERANCE = 0.15;
/** Of the residual's part along Krylov vectors and of ½ sᵀHs = maxKl: H and g may each be off by 1e-4, with room. */
const KRYLOV_TOLERANCE = 1e-3;
/** How many Krylov vectors are used; the later ones are too inexact in float32. */
const KRYLOV_VECTORS = 3;
/** Where conjugate gradient stops, as in the reference computation. */
const CG_TOLERANCE = 1e-10;

/** Computes and compares every expected quantity of a case, on the active backend or on the kernels. */
export async function verifyCase(given: VerifyCase, engine: Engine = 'graph'): Promise<CaseResult> {
  const problem = new CaseProblem(given, engine);
  try {
    const pointwise = comparePointwise(given, problem);
    const solution = await compareSolution(given, problem);
    const worst = new Map<string, Comparison>();
    for (const [quantity, comparison] of [...pointwise, ...solution]) {
      const before = worst.get(quantity);
      if (!before || ratio(comparison) > ratio(before)) worst.set(quantity, comparison);
    }
    const quantities = [...worst].map(([quantity, comparison]) => {
      return { quantity, ...comparison, passed: comparison.error <= comparison.tolerance };
    });
    const { direction, expected } = given;
    const errorOf = (method: CurvatureMethod) =>
      relativeError(problem.curvature(direction, method), expected.klHessianVectorProduct);
    return {
      name: given.name,
      file: given.file,
      passed: quantities.every(({ passed }) => passed),
      quantities,
      otherCurvatures: {
        'finite-difference': errorOf('finite-difference'),
        'double-backprop': errorOf('double-backprop'),
      },
    };
  } finally {
    problem.dispose();
  }
}

/** NaN counts as the worst. */
function ratio({ error, tolerance }: Comparison): number {
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error / tolerance;
}

type Named = readonly [quantity: string, comparison: Comparison];

function vector(found: Float64Array, expected: Float64Array): Comparison {
  return { measure: 'relative norm', error: relativeError(found, expected), tolerance: VECTOR_TOLERANCE };
}

function surrogate(found: number, expected: number): Comparison {
  return { measure: 'absolute', error: Math.abs(found - expected), tolerance: SURROGATE_TOLERANCE };
}

function divergence(found: number, expected: number): Comparison {
  const tolerance = KL_ABSOLUTE + KL_RELATIVE * Math.abs(expected);
  return { measure: 'absolute', error: Math.abs(found - expected), tolerance };
}

/** The quantities that are values at a given θ. */
function comparePointwise({ parameters, direction, expected }: VerifyCase, problem: CaseProblem): Named[] {
  const perturbed = addScaled(parameters, expected.perturbation, direction);
  const stepped = addScaled(parameters, 1, expected.fullStep);
  return [
    ['innerLoss', vector(problem.innerLosses(expected.innerLoss), concat(expected.innerLoss))],
    ...expected.adapted.map((phi, i): Named => ['adapted', vector(problem.adapted(i), phi)]),
    ['surrogate', surrogate(problem.surrogate(parameters), expected.surrogate)],
    ['metaGradient', vector(problem.gradient('exact'), expected.metaGradient)],
    ['firstOrderMetaGradient', vector(problem.gradient('first-order'), expected.firstOrderMetaGradient)],
    ['klAtTheta', divergence(problem.kl(parameters), expected.klAtTheta)],
    ['klHessianVectorProduct', vector(problem.curvature(direction), expected.klHessianVectorProduct)],
    ['surrogateAtPerturbed', surrogate(problem.surrogate(perturbed), expected.surrogateAtPerturbed)],
    ['klAtPerturbed', divergence(problem.kl(perturbed), expected.klAtPerturbed)],
    ['surrogateAfterFullStep', surrogate(problem.surrogate(stepped), expected.surrogateAfterFullStep)],
    ['klAfterFullStep', divergence(problem.kl(stepped), expected.klAfterFullStep)],
  ];
}

/** The quantities that conjugate gradient leads to; see the head of this file. */
async function compareSolution({ parameters, expected }: VerifyCase, problem: CaseProblem): Promise<Named[]> {
  const { cgIterations, cgDamping, maxKl, cgSolution, fullStep, klAfterFullStep } = expected;
  const g = problem.gradient('exact');
  const product = (v: Float64Array) => addScaled(problem.curvature(v), cgDamping, v);
  const own = await conjugateGradient(async (v) => product(v), g, {
    iterations: cgIterations,
    tolerance: CG_TOLERANCE,
  });
  const ownKl = problem.kl(addScaled(parameters, 1, fullStepOf(own.x, product, maxKl)));
  const basis = krylovBasis(g, product, Math.min(KRYLOV_VECTORS, own.iterations));
  const orthogonality = (x: Float64Array) => {
    const residual = addScaled(product(x), -1, g);
    return norm(basis.map((vector) => dot(vector, residual))) / norm(g);
  };
  const residual = (x: Float64Array) => norm(addScaled(product(x), -1, g)) / norm(g);
  const curved = product(fullStep);
  const scale = -dot(g, curved) / dot(g, g); // s = −scale · x, if the residual of x is orthogonal to g
  return [
    [
      'cgSolution',
      { measure: 'own residual', error: residual(own.x), tolerance: residualTolerance(residual(cgSolution)) },
    ],
    ['cgSolution', { measure: 'Krylov condition', error: orthogonality(cgSolution), tolerance: KRYLOV_TOLERANCE }],
    ['fullStep', { measure: "own step's KL", error: apart(ownKl, klAfterFullStep), tolerance: STEP_KL_TOLERANCE }],
    ['fullStep', { measure: 'length', error: apart(dot(fullStep, curved), 2 * maxKl), tolerance: KRYLOV_TOLERANCE }],
    [
      'fullStep',
      {
        measure: 'Krylov condition',
        error: scale > 0 ? orthogonality(fullStep.map((value) => -value / scale)) : Number.POSITIVE_INFINITY,
        tolerance: KRYLOV_TOLERANCE,
      },
    ],
  ];
}

/** −x / √(½ xᵀHx / maxKl). */
function fullStepOf(x: Float64Array, product: (v: Float64Array) => Float64Array, maxKl: number): Float64Array {
  const scale = Math.sqrt((2 * maxKl) / dot(x, product(x)));
  return x.map((value) => -value * scale);
}

function residualTolerance(ofFile: number): number {
  return Math.max(RESIDUAL_FACTOR * ofFile, RESIDUAL_FLOOR);
}

/** |found − expected| / |expected|. */
function apart(found: number, expected: number): number {
  return Math.abs(found - expected) / Math.abs(expected);
}

/** An orthonormal basis of span{g, Hg, H²g, …}, cut short where the next vector brings nothing new beyond rounding. */
function krylovBasis(g: Float64Array, product: (v: Float64Array) => Float64Array, count: number): Float64Array[] {
  const basis: Float64Array[] = [];
  let next = g;
  while (basis.length < count) {
    const before = norm(next);
    // Twice, since one pass of Gram and Schmidt leaves rounding behind.
    for (const vector of [...basis, ...basis]) next = addScaled(next, -dot(vector, next), vector);
    const length = norm(next);
    if (!(length > 1e-2 * before)) break;
    const vector = next.map((value) => value / length);
    basis.push(vector);
    next = product(vector);
  }
  return basis;
}

function concat(vectors: readonly Float64Array[]): Float64Array {
  return Float64Array.from(vectors.flatMap((vector) => [...vector]));
}
