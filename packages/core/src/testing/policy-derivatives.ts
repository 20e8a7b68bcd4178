import { gradients, innerProduct } from '../numerics/differentiate.js';
import * as ops from '../numerics/ops.js';
import { tidy } from '../numerics/tensor.js';
import type { Report } from './findings.js';
import type { PolicyProbe } from './policy-probe.js';

const ROWS = 32;
const FEW = 4;
/** Of the central differences. Float32 then leaves about 1e-4 of a derivative of size 1. */
const STEP = 3e-3;
const RELATIVE = 0.03;
const ABSOLUTE = 5e-4;

/** The mean log-probability of chosen actions as a function of θ, with its derivatives. */
class MeanLogProbability {
  private readonly observations: Float32Array;
  private readonly actions: Float32Array;

  /** At the rows `first … last − 1` of all {@link ROWS}. */
  constructor(
    private readonly probe: PolicyProbe,
    first: number,
    last: number,
  ) {
    const width = probe.observationSize;
    this.observations = probe.observations(ROWS).slice(first * width, last * width);
    this.actions = probe.act(probe.policy.actor(probe.theta), this.observations, first).actions;
  }

  value(theta: Float64Array): number {
    const logP = this.probe.logProbabilities(theta, this.observations, this.actions);
    return logP.reduce((total, value) => total + value, 0) / logP.length;
  }

  gradient(theta: Float64Array): Float64Array {
    const { layout } = this.probe.policy;
    return tidy(() => layout.flatten(this.record(theta).slopes));
  }

  /** H v. */
  hessianProduct(theta: Float64Array, v: Float64Array): Float64Array {
    const { layout } = this.probe.policy;
    return tidy(() => {
      const { parameters, slopes } = this.record(theta);
      return layout.flatten(gradients(innerProduct(slopes, layout.constants(v)), parameters));
    });
  }

  private record(theta: Float64Array) {
    const { probe } = this;
    const parameters = probe.policy.layout.variables(theta);
    const at = probe.policy.distribution(parameters, probe.states(this.observations));
    const mean = ops.mean(probe.policy.logProbability(at, probe.actionTensor(this.actions)));
    return { parameters, slopes: gradients(mean, parameters) };
  }
}

/** First and second derivatives of log-probabilities, as recorded, against central differences. */
export function checkDerivatives(probe: PolicyProbe, report: Report): void {
  checkGradient(probe, report);
  checkSecondDerivatives(probe, report);
}

/** Part by part, along directions that lean towards the gradient. */
function checkGradient(probe: PolicyProbe, report: Report): void {
  const { theta } = probe;
  const logP = new MeanLogProbability(probe, 0, ROWS);
  const g = logP.gradient(theta);
  for (const { name, offset, size } of probe.policy.layout.parts) {
    const own = g.subarray(offset, offset + size);
    const direction = leaning(probe, own);
    const at = (step: number) => logP.value(moved(theta, direction, step, offset));
    if (norm(own) === 0) {
      const change = Math.abs(at(10 * STEP * Math.sqrt(size)) - at(0));
      if (change < 1e-3) continue; // it plays no part here
      report(
        'gradient',
        `'${name}' changes log-probabilities (by ${change.toPrecision(2)}), but no derivative reaches it. Compute with \`ops\`, from the tensors given.`,
      );
      continue;
    }
    const difference = (at(STEP) - at(-STEP)) / (2 * STEP);
    const slope = direction.reduce((total, value, i) => total + value * (own[i] as number), 0);
    if (Math.abs(difference - slope) <= allowed(Math.abs(difference), norm(g))) continue;
    report(
      'gradient',
      `The derivative of log-probabilities along '${name}' is ${slope.toPrecision(4)}, and by central differences ${difference.toPrecision(4)}. ` +
        'Compute with `ops`, from the tensors given, without going through plain numbers.',
    );
  }
}

/**
 * Along one direction, at a few rows at a time: where a relu has its kink between the two ends of a difference, the difference says nothing. A
 * mistake shows at all of them.
 */
function checkSecondDerivatives(probe: PolicyProbe, report: Report): void {
  const { theta } = probe;
  const v = theta.map(() => 0);
  for (const { offset, size } of probe.policy.layout.parts)
    v.set(leaning(probe, v.subarray(offset, offset + size)), offset);
  const along = ofLength1(v);
  const found: string[] = [];
  for (let first = 0; first < ROWS; first += FEW) {
    const logP = new MeanLogProbability(probe, first, first + FEW);
    const [after, before] = [STEP, -STEP].map((step) => logP.gradient(moved(theta, along, step, 0))) as [
      Float64Array,
      Float64Array,
    ];
    const differences = after.map((value, i) => (value - (before[i] as number)) / (2 * STEP));
    const product = logP.hessianProduct(theta, along);
    const gap = norm(product.map((value, i) => value - (differences[i] as number)));
    if (gap <= allowed(norm(differences), norm(after))) return;
    found.push(`of length ${norm(product).toPrecision(4)} is ${gap.toPrecision(2)} away`);
  }
  report(
    'second derivative',
    `Second derivatives of log-probabilities are off: a Hessian-vector product ${found[0]} from central differences of the gradient. ` +
      'Compute with `ops` alone: the gradients of other operations often cannot be differentiated again.',
  );
}

function allowed(difference: number, gradient: number): number {
  return RELATIVE * difference + ABSOLUTE * Math.max(1, gradient);
}

/** A direction of length 1 with a random part, and a part along a gradient if there is one. */
function leaning(probe: PolicyProbe, g: Float64Array): Float64Array {
  const random = probe.stream('user', 3);
  const noise = ofLength1(g.map(() => random.normal()));
  const along = ofLength1(g);
  return ofLength1(noise.map((value, i) => value + (along[i] as number)));
}

function moved(theta: Float64Array, direction: Float64Array, step: number, offset: number): Float64Array {
  const there = theta.slice();
  direction.forEach((value, i) => {
    there[offset + i] = (there[offset + i] as number) + step * value;
  });
  return there;
}

function norm(x: Float64Array): number {
  return Math.sqrt(x.reduce((total, value) => total + value * value, 0));
}

/** Zeros stay zeros. */
function ofLength1(x: Float64Array): Float64Array {
  const length = norm(x);
  return length === 0 ? x : x.map((value) => value / length);
}
