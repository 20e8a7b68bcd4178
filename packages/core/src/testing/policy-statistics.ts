import { gradients } from '../numerics/differentiate.js';
import * as ops from '../numerics/ops.js';
import { constant } from '../numerics/tensor.js';
import type { Report } from './findings.js';
import { estimate, type PolicyProbe } from './policy-probe.js';

const STATES = 16;
const COPIES = 256;
const BATCHES = 32;
/** How many standard errors an estimate may be off. */
const ERRORS = 6;
/** Beyond that many dimensions of an action, the estimate of an integral over actions says little. */
const MOST_DIMENSIONS = 4;
/** Nats. */
const MOST_KL = 2;

/** Samples against log-probabilities, entropy and KL. */
export function checkStatistics(probe: PolicyProbe, report: Report): void {
  const { policy, theta } = probe;
  const observations = probe.observations(STATES, COPIES);
  const { actions } = probe.act(policy.actor(theta), observations, 0);
  const logP = probe.logProbabilities(theta, observations, actions);
  checkScores(probe, observations, actions, report);
  const entropy = apart(
    probe.values(theta, observations, (at) => policy.entropy(at)),
    logP.map((value) => -value),
  );
  if (entropy) {
    report(
      'entropy',
      `entropy() is not the mean of −log π over sampled actions (${entropy}). Correct entropy(), or the sampler.`,
    );
  }
  const { other, logRatios } = farther(probe, observations, actions, logP);
  const kl = klBetween(probe, observations, theta, other);
  const found = apart(kl, logRatios);
  if (found) {
    report(
      'kl estimate',
      `kl(p, q) is not the mean of log p − log q over actions sampled from p (${found}). Correct kl(), or the order of its arguments.`,
    );
  }
  const lowest = kl.reduce((least, value) => Math.min(least, value), 0);
  if (lowest < -1e-5) report('kl sign', `kl(p, q) is ${lowest} at some state. It must be at least 0.`);
  checkTotal(probe, report);
}

/** In words how far closed forms are from the mean of samples of the same rows; `undefined` if that may be chance. */
function apart(closed: Float32Array, samples: ArrayLike<number>): string | undefined {
  const { mean, error } = estimate(closed.map((value, i) => value - (samples[i] as number)));
  const found = estimate(closed).mean;
  if (Math.abs(mean) <= ERRORS * error + 1e-3 * Math.max(1, Math.abs(found))) return undefined;
  return `${found.toPrecision(4)} against ${estimate(samples).mean.toPrecision(4)} ± ${error.toPrecision(2)}`;
}

/** Parameters as far from θ as can be measured well, so that KL(p ‖ q) and KL(q ‖ p) are clearly different. */
function farther(probe: PolicyProbe, observations: Float32Array, actions: Float32Array, logP: Float32Array) {
  for (let scale = 16; ; scale /= 2) {
    const other = probe.theta.map((value, i) => value + scale * ((probe.other[i] as number) - value));
    const logQ = probe.logProbabilities(other, observations, actions);
    const logRatios = logP.map((value, i) => value - (logQ[i] as number));
    if (estimate(logRatios).mean < MOST_KL || scale < 1) return { other, logRatios };
  }
}

/** KL(p ‖ p) = 0, with no slope in any direction of the distribution's own numbers. */
export function checkKlAtEquals(probe: PolicyProbe, report: Report): void {
  const { policy, theta } = probe;
  const observations = probe.observations(STATES);
  const same = klBetween(probe, observations, theta, theta);
  const largest = same.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
  if (!(largest <= 1e-5)) report('kl equal', `kl(p, p) is ${largest}. It must be 0.`);
  const slopes = probe.lists(theta, observations, (z) => {
    const fixed = z.map((part) => constant(part.values(), part.shape));
    return gradients(ops.sum(policy.kl(fixed, z)), z);
  });
  const slope = Math.max(...slopes.map((part) => part.reduce((top, value) => Math.max(top, Math.abs(value)), 0)));
  if (slope <= 1e-3) return;
  report(
    'kl slope',
    `The derivative of kl(p, q) in the numbers of q is ${slope} at q = p. It must be 0 in every direction: use numbers that are free of constraints, such ` +
      'as logits in place of log-probabilities.',
  );
}

function klBetween(probe: PolicyProbe, observations: Float32Array, p: Float64Array, q: Float64Array): Float32Array {
  const { policy } = probe;
  return probe.values(q, observations, (at) =>
    policy.kl(policy.distribution(policy.layout.constants(p), probe.states(observations)), at),
  );
}

/** The mean of ∇ log π over actions that are sampled from π is 0, whatever the distribution; in batches, for its standard error. */
function checkScores(probe: PolicyProbe, observations: Float32Array, actions: Float32Array, report: Report): void {
  const { policy, theta, observationSize } = probe;
  const size = (STATES * COPIES) / BATCHES;
  const scores = Array.from({ length: BATCHES }, (_, b) => {
    // Every BATCHES-th row, so that each batch has every state.
    const rows = Array.from({ length: size }, (_, i) => i * BATCHES + b);
    const pick = (from: Float32Array, width: number) =>
      Float32Array.from(rows.flatMap((row) => [...from.subarray(row * width, (row + 1) * width)]));
    const chosen = pick(actions, policy.actionSize);
    return probe.lists(theta, pick(observations, observationSize), (at, parameters) =>
      gradients(ops.mean(policy.logProbability(at, probe.actionTensor(chosen))), parameters),
    );
  });
  for (const [index, { name }] of policy.layout.parts.entries()) {
    const parts = scores.map((lists) => lists[index] as Float64Array);
    for (let i = 0; i < (parts[0]?.length ?? 0); i++) {
      const { mean, error } = estimate(parts.map((part) => part[i] as number));
      // With 31 degrees of freedom, 8 standard errors come by chance once in 2e8.
      if (Math.abs(mean) <= 8 * error + 1e-4) continue;
      report(
        'sampler',
        `Sampled actions do not follow logProbability(): the mean of its derivative in '${name}' over samples is ${mean.toPrecision(3)} ± ` +
          `${error.toPrecision(2)}, and must be 0. Make the actor sample from the distribution that logProbability() describes.`,
      );
      return;
    }
  }
}

/** Whether probabilities sum, or densities integrate, to 1. */
function checkTotal(probe: PolicyProbe, report: Report): void {
  const { policy, spaces } = probe;
  if (spaces.actionSpace.kind === 'box' && policy.actionSize > MOST_DIMENSIONS) return;
  const { total, allowed } =
    spaces.actionSpace.kind === 'discrete' ? sumOverActions(probe) : integralOverActions(probe);
  if (Math.abs(total - 1) <= allowed) return;
  const what =
    spaces.actionSpace.kind === 'discrete'
      ? 'The probabilities of all actions sum'
      : 'The density of actions integrates';
  report('total', `${what} to ${total.toPrecision(4)}, not to 1. Correct the constants of logProbability().`);
}

function sumOverActions(probe: PolicyProbe) {
  const { spaces, theta } = probe;
  const count = spaces.actionSpace.kind === 'discrete' ? spaces.actionSpace.count : 0;
  const observations = probe.observations(1, count);
  const logP = probe.logProbabilities(
    theta,
    observations,
    Float32Array.from({ length: count }, (_, a) => a),
  );
  return { total: logP.reduce((sum, value) => sum + Math.exp(value), 0), allowed: 1e-3 };
}

/** ∫π(a) da as the mean of π / q over samples of a wider normal q around the actor's own samples. */
function integralOverActions(probe: PolicyProbe) {
  const { policy, theta } = probe;
  const size = policy.actionSize;
  const observations = probe.observations(1, STATES * COPIES);
  const { actions } = probe.act(policy.actor(theta), observations, 0);
  const moments = Array.from({ length: size }, (_, d) => {
    const { mean, error } = estimate(actions.filter((_, i) => i % size === d));
    return { mean, deviation: 1.5 * error * Math.sqrt(STATES * COPIES) };
  });
  const random = probe.stream('user', 2);
  const logQ = new Float64Array(STATES * COPIES);
  const drawn = actions.map((_, i) => {
    const { mean, deviation } = moments[i % size] as (typeof moments)[number];
    const noise = random.normal();
    logQ[Math.floor(i / size)] =
      (logQ[Math.floor(i / size)] as number) - 0.5 * noise * noise - Math.log(deviation * Math.sqrt(2 * Math.PI));
    return mean + deviation * noise;
  });
  const logP = probe.logProbabilities(theta, observations, drawn);
  // Outside of its support a density is 0, whatever its logarithm has become there.
  const ratios = Array.from(logP, (value, i) => (Number.isFinite(value) ? Math.exp(value - (logQ[i] as number)) : 0));
  const { mean, error } = estimate(ratios);
  return { total: mean, allowed: ERRORS * error + 0.02 };
}
