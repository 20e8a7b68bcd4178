import type { WrittenOutPolicy } from '../contracts/policy.js';
import { MlpPasses } from '../kernels/mlp-passes.js';
import { gradients } from '../numerics/differentiate.js';
import * as ops from '../numerics/ops.js';
import { tidy } from '../numerics/tensor.js';
import type { HeadValues, OutputRows } from '../policies/heads.js';
import type { Report } from './findings.js';
import { largestGap, type PolicyProbe } from './policy-probe.js';

const ROWS = 9;
/** Short beside a standard deviation of 0.1, long beside the rounding of outputs. */
const STEP = 2e-3;
const TOLERANCE = 2e-3;

/** What `writtenOut` says, against what is recorded; second derivatives of the head against differences of its first. */
export function checkWrittenOut(probe: PolicyProbe, report: Report): void {
  const { writtenOut, layout, actionSize } = probe.policy;
  if (!writtenOut) return;
  const passes = new MlpPasses(writtenOut.sizes, writtenOut.activation);
  const expected = passes.parameterCount + writtenOut.head.extraSize;
  if (writtenOut.sizes[0] !== probe.observationSize || expected !== layout.size) {
    report(
      'writtenOut sizes',
      `writtenOut has ${writtenOut.sizes[0]} inputs and ${expected} parameters with those of its head; observations have ${probe.observationSize} numbers and ` +
        `the layout ${layout.size}. List the network layer by layer, then the head's extra parameters.`,
    );
    return;
  }
  const head = new HeadProbe(probe, writtenOut, passes);
  const wrong = [...head.firstDerivatives(), ...head.secondDerivatives()];
  if (wrong.length === 0) return;
  const off = wrong.map(({ name, gap }) => `${name} (by ${gap.toPrecision(2)})`).join(', ');
  report(
    'writtenOut',
    `The head of writtenOut does not agree with what is recorded, for ${actionSize} ${actionSize === 1 ? 'number' : 'numbers'} an action: ${off}. Correct it, or leave ` +
      'writtenOut away: everything then runs on the graph.',
  );
}

interface Gap {
  readonly name: string;
  readonly gap: number;
}

/** A head at one batch of outputs. */
class HeadProbe {
  private readonly observations: Float32Array;
  private readonly actions: Float32Array;
  private readonly weights: Float64Array;
  private readonly at: HeadValues;

  constructor(
    private readonly probe: PolicyProbe,
    private readonly network: WrittenOutPolicy,
    private readonly passes: MlpPasses,
  ) {
    const { policy, theta } = probe;
    this.observations = probe.observations(ROWS);
    this.actions = probe.act(policy.actor(theta), this.observations, 0).actions;
    const random = probe.stream('user', 4);
    this.weights = Float64Array.from({ length: ROWS }, () => random.normal());
    this.at = this.valuesAt(theta);
  }

  /** Log-probabilities, KL and the gradient in θ. */
  firstDerivatives(): Gap[] {
    const { probe, network } = this;
    const { policy, theta, other } = probe;
    const [logP, kl] = [new Float64Array(ROWS), new Float64Array(ROWS)];
    network.head.logProbabilities(this.at, this.actions, logP);
    network.head.kl(this.at, this.valuesAt(other), kl);
    const recordedKl = probe.values(other, this.observations, (q) =>
      policy.kl(policy.distribution(policy.layout.constants(theta), probe.states(this.observations)), q),
    );
    return [
      {
        name: 'logProbabilities',
        gap: largestGap(logP, probe.logProbabilities(theta, this.observations, this.actions)),
      },
      { name: 'kl', gap: largestGap(kl, recordedKl) },
      { name: 'gradient', gap: largestGap(this.gradient(), this.recordedGradient()) },
    ].filter(({ gap }) => gap > TOLERANCE);
  }

  /** `tangent` and `fisher` along a random direction of outputs and extra parameters. */
  secondDerivatives(): Gap[] {
    const { head } = this.network;
    const random = this.probe.stream('user', 5);
    const along = this.zeros();
    along.outputs.values.forEach((_, i, values) => {
      if (i % this.passes.outputStride < (this.network.sizes.at(-1) as number)) values[i] = random.normal();
    });
    along.extra.forEach((_, i) => {
      along.extra[i] = random.normal();
    });
    const curvature = this.weights.map((w) => 0.5 - w);
    const tangent = this.zeros();
    head.tangent(this.at, this.actions, this.weights, curvature, along, tangent);
    // With u: the weights themselves move, by u · R log π.
    const start = new Float64Array(ROWS);
    head.logProbabilities(this.at, this.actions, start);
    const slopes = [STEP, -STEP].map((step) => {
      const there = sum(this.at, along, step);
      const logP = new Float64Array(ROWS);
      head.logProbabilities(there, this.actions, logP);
      const w = this.weights.map(
        (value, i) => value + (curvature[i] as number) * ((logP[i] as number) - (start[i] as number)),
      );
      const into = this.zeros();
      head.gradient(there, this.actions, w, into);
      return flat(into);
    }) as [number[], number[]];
    const differences = slopes[0].map((value, i) => (value - (slopes[1][i] as number)) / (2 * STEP));
    const fisher = this.zeros();
    head.fisher(this.at, along, fisher);
    const quadratic = flat(fisher).reduce((total, value, i) => total + value * (flat(along)[i] as number), 0);
    return [
      { name: 'tangent', gap: largestGap(flat(tangent), differences), allowed: 0.02 },
      // KL(p, p + hR) = h²/2 R·F R + O(h³), of which the odd part cancels in the mean of ±h.
      { name: 'fisher', gap: largestGap([quadratic], [this.klQuadratic(along)]), allowed: 0.02 },
    ].filter(({ gap, allowed }) => gap > allowed);
  }

  private klQuadratic(along: HeadValues): number {
    const [there, back] = [STEP, -STEP].map((step) => {
      const kl = new Float64Array(ROWS);
      this.network.head.kl(this.at, sum(this.at, along, step), kl);
      return kl.reduce((total, value) => total + value, 0) / ROWS;
    }) as [number, number];
    return (there + back) / STEP ** 2;
  }

  /** Σ_i w_i ∇ log π_i by the head and the passes. */
  private gradient(): Float64Array {
    const { passes, network, probe } = this;
    const packed = passes.allocateParameters();
    const rows = passes.allocateRows(ROWS, true);
    const into = passes.allocateParameters();
    passes.load(probe.theta, packed);
    passes.setInputs(rows, this.observations);
    passes.forward(packed, rows);
    const outputs = { values: passes.outputs(rows.deltas, ROWS), stride: passes.outputStride, count: ROWS };
    const extra = new Float64Array(network.head.extraSize);
    network.head.gradient(this.at, this.actions, this.weights, { outputs, extra });
    passes.backward(packed, rows, into);
    const vector = new Float64Array(probe.policy.layout.size);
    passes.addTo(vector, into, 1);
    vector.set(extra, passes.parameterCount);
    for (const part of [packed, rows, into]) passes.release(part);
    return vector;
  }

  private recordedGradient(): Float64Array {
    const { probe, weights } = this;
    const { policy, theta } = probe;
    return tidy(() => {
      const parameters = policy.layout.variables(theta);
      const logP = policy.logProbability(
        policy.distribution(parameters, probe.states(this.observations)),
        probe.actionTensor(this.actions),
      );
      return policy.layout.flatten(gradients(ops.dot(logP, probe.column(weights)), parameters));
    });
  }

  private valuesAt(theta: Float64Array): HeadValues {
    const { passes } = this;
    const packed = passes.allocateParameters();
    const rows = passes.allocateRows(ROWS, false);
    passes.load(theta, packed);
    passes.setInputs(rows, this.observations);
    passes.forward(packed, rows);
    const values = passes.outputs(rows.activations, ROWS).slice();
    for (const part of [packed, rows]) passes.release(part);
    return { outputs: { values, stride: passes.outputStride, count: ROWS }, extra: theta.slice(passes.parameterCount) };
  }

  private zeros(): HeadValues {
    const { outputs, extra } = this.at;
    const values = new Float32Array(outputs.values.length);
    return { outputs: { ...outputs, values } satisfies OutputRows, extra: new Float64Array(extra.length) };
  }
}

function sum({ outputs, extra }: HeadValues, along: HeadValues, step: number): HeadValues {
  const values = outputs.values.map((value, i) => value + step * (along.outputs.values[i] as number));
  return { outputs: { ...outputs, values }, extra: extra.map((value, i) => value + step * (along.extra[i] as number)) };
}

/** Outputs without what lies between the end of a row and its stride, then the extra parameters. */
function flat({ outputs, extra }: HeadValues): number[] {
  return [...outputs.values, ...extra];
}
