import { describe, expect, test } from 'vitest';
import {
  CategoricalMlpPolicy,
  constant,
  GaussianMlpPolicy,
  gradients,
  ops,
  type Policy,
  randomStream,
  type Spaces,
  type Tensor,
  tidy,
  useBackend,
} from '../src/index.js';
import { gaussianMlpComponent } from '../src/policies/gaussian-mlp.js';

await useBackend('cpu');

const box = (n: number) => ({ kind: 'box' as const, low: Array(n).fill(-1), high: Array(n).fill(1) });
const CONTINUOUS: Spaces = { observationSpace: box(3), actionSpace: box(2) };
const DISCRETE: Spaces = { observationSpace: box(3), actionSpace: { kind: 'discrete', count: 4 } };
const gaussian = (options = {}) =>
  new GaussianMlpPolicy(CONTINUOUS, {
    hiddenSizes: [5, 4],
    activation: 'tanh',
    initialStd: 0.5,
    minStd: 1e-6,
    ...options,
  });
const categorical = (options = {}) =>
  new CategoricalMlpPolicy(DISCRETE, { hiddenSizes: [5], activation: 'relu', ...options });

const random = () => randomStream({ seed: 5, purpose: 'user' });
const normals = (n: number, stream = random()) => Float32Array.from({ length: n }, () => stream.normal());

/** One value of a distribution given as plain numbers. */
function values(policy: Policy, compute: (at: (z: number[][]) => Tensor[]) => Tensor): number[] {
  const rows = policy instanceof GaussianMlpPolicy ? 2 : 1;
  const toTensors = (z: number[][]) =>
    z.map((part, i) => (rows === 2 && i === 1 ? constant(part, [part.length]) : constant(part, [1, part.length])));
  return tidy(() => [...compute(toTensors).values()]);
}

describe('gaussian-mlp', () => {
  test('log-probability, KL and entropy by their formulas', () => {
    const policy = gaussian();
    // μ = (1, −1), log σ = (0, ln 2), a = (2, 1): squares 1 and (2/2)² = 1, so −½ − ½ − ln 2 − ln 2π = −1 − 0.6931 − 1.8379.
    const p = [
      [1, -1],
      [0, Math.log(2)],
    ];
    const logProbability = values(policy, (at) => policy.logProbability(at(p), constant([2, 1], [1, 2])));
    expect(logProbability).toBeAllClose([-1 - Math.log(2) - Math.log(2 * Math.PI)]);
    // KL to μ = 0, σ = 1: ½(1 + 1 − 1) − 0 = ½, and ½(4 + 1 − 1) − ln 2 = 2 − ln 2.
    const q = [
      [0, 0],
      [0, 0],
    ];
    expect(values(policy, (at) => policy.kl(at(p), at(q)))).toBeAllClose([2.5 - Math.log(2)]);
    expect(values(policy, (at) => policy.kl(at(p), at(p)))).toEqual([0]);
    // Entropy: Σ log σ + ½ log 2πe = ln 2 + ln 2πe.
    expect(values(policy, (at) => policy.entropy(at(p)))).toBeAllClose([Math.log(2) + Math.log(2 * Math.PI * Math.E)]);
  });

  test('the standard deviation has a floor, which does not hold a parameter that starts on it', () => {
    const policy = gaussian({ initialStd: 0.1, minStd: 0.1 });
    const theta = policy.initialize(random());
    expect(theta.slice(-2)).toBeAllClose([Math.log(0.1), Math.log(0.1)]);
    const slope = tidy(() => {
      const parameters = policy.layout.variables(theta);
      const entropy = ops.sum(policy.entropy(policy.distribution(parameters, constant([1, 2, 3], [1, 3]))));
      return (gradients(entropy, [parameters[parameters.length - 1] as Tensor])[0] as Tensor).values();
    });
    expect([...slope]).toEqual([1, 1]);
    theta.fill(-50, theta.length - 2);
    const actions = new Float32Array(2);
    const logProbabilities = new Float64Array(1);
    policy.actor(theta).act(new Float32Array(3), 1, [random()], actions, logProbabilities);
    // With σ = 0.1 at its floor, log π ≤ −2 log 0.1 − log 2π = 2.77, and far above what e⁻⁵⁰ would give.
    expect(logProbabilities[0] as number).toBeLessThan(2.8);
  });

  test('log-probability, KL and entropy by their formulas, with standard deviations of each state', () => {
    const policy = gaussian({ logStd: 'state-dependent' });
    // Two states: the ones of the test above as the first, and μ = (0, 3), log σ = (ln 3, 0) as the second, with a = (3, 3).
    const p = [
      [1, -1, 0, 3],
      [0, Math.log(2), Math.log(3), 0],
    ];
    const q = [
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ];
    const of = (compute: (at: (z: number[][]) => Tensor[]) => Tensor) =>
      tidy(() => [...compute((z) => z.map((part) => constant(part, [2, 2]))).values()]);
    const ln2pi = Math.log(2 * Math.PI);
    const logProbability = of((at) => policy.logProbability(at(p), constant([2, 1, 3, 3], [2, 2])));
    expect(logProbability).toBeAllClose([-1 - Math.log(2) - ln2pi, -0.5 - Math.log(3) - ln2pi]);
    // The second: ½(9 + 0 − 1) − ln 3 = 4 − ln 3, and ½(1 + 9 − 1) = 4.5.
    expect(of((at) => policy.kl(at(p), at(q)))).toBeAllClose([2.5 - Math.log(2), 8.5 - Math.log(3)]);
    expect(of((at) => policy.kl(at(p), at(p)))).toEqual([0, 0]);
    expect(of((at) => policy.entropy(at(p)))).toBeAllClose([Math.log(2) + ln2pi + 1, Math.log(3) + ln2pi + 1]);
  });

  const distributionOf = (policy: GaussianMlpPolicy, theta: Float64Array, observations: Float32Array) =>
    tidy(() => {
      const states = constant(observations, [observations.length / 3, 3]);
      return policy.distribution(policy.layout.constants(theta), states).map((part) => [...part.values()]);
    });

  // From below its floor a learned one would never move, and a fixed one would be another than the config says.
  test.each(['learned', 'fixed', 'state-dependent'])(
    'a %s standard deviation begins at its floor or above',
    (logStd) => {
      expect(() => gaussian({ logStd, initialStd: 0.01, minStd: 0.1 })).toThrow('at most initialStd, 0.01: below');
      expect(() => gaussian({ logStd, initialStd: 0.1, minStd: 0.1 })).not.toThrow();
    },
  );

  test('the option that was set is named, where the other was left out', () => {
    const faults = (options: object) =>
      gaussianMlpComponent.options.safeParse(options).error?.issues.map(({ path, message }) => [path, message]);
    expect(faults({ minStd: 2 })).toEqual([[['minStd'], expect.stringMatching(/^at most initialStd, 1: /)]]);
    expect(faults({ initialStd: 1e-9 })).toEqual([
      [['initialStd'], expect.stringMatching(/^at least minStd, 0\.000001: /)],
    ]);
  });

  test('a fixed standard deviation is no parameter', () => {
    const policy = gaussian({ logStd: 'fixed', initialStd: 0.25 });
    expect(policy.layout.parts.map(({ name }) => name)).not.toContain('logStd');
    expect(policy.layout.size).toBe(gaussian().layout.size - 2);
    const theta = policy.initialize(random());
    expect([...theta]).toEqual([...gaussian().initialize(random())].slice(0, -2)); // the means are those of a learned one
    const [, logStd] = distributionOf(policy, theta, normals(6));
    expect(logStd).toBeAllClose([Math.log(0.25), Math.log(0.25)]);
  });

  test('a standard deviation of the state is the second half of the outputs, the same everywhere at first', () => {
    const policy = gaussian({ logStd: 'state-dependent', initialStd: 0.25, minStd: 0.125 });
    const theta = policy.initialize(random());
    const observations = normals(6);
    const [means, logStd] = distributionOf(policy, theta, observations);
    expect(logStd).toBeAllClose(Array(4).fill(Math.log(0.25)));
    const learned = gaussian({ initialStd: 0.25 });
    expect(means).toBeAllClose(distributionOf(learned, learned.initialize(random()), observations)[0] as number[]);
    // The last bias is that of the second dimension's log σ; a huge negative one ends at the floor.
    const { offset, size } = policy.layout.parts.find(({ name }) => name === 'output/bias') as {
      offset: number;
      size: number;
    };
    expect(size).toBe(4);
    theta[offset + 3] = -100;
    const [sameMeans, floored] = distributionOf(policy, theta, observations);
    expect(sameMeans).toEqual(means);
    const [s, f] = [Math.log(0.25), Math.log(0.125)];
    expect(floored).toBeAllClose([s, f, s, f]);
  });

  test('a linear policy has them too', () => {
    // 3 inputs, 2 actions: weights [3, 4] with columns μ1, μ2, log σ1, log σ2, then 4 biases.
    const policy = gaussian({ logStd: 'state-dependent', hiddenSizes: [] });
    const theta = new Float64Array(16);
    theta.set([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, -1, 0.5, 0, 0, 2]);
    // Observation (2, 3, 4): μ = (2 + 0.5, 3), log σ = (4, −4 + 2).
    const [means, logStd] = distributionOf(policy, theta, Float32Array.of(2, 3, 4));
    expect(means).toEqual([2.5, 3]);
    expect(logStd).toEqual([4, -2]);
  });

  test('needs real actions', () => {
    expect(
      () => new GaussianMlpPolicy(DISCRETE, { hiddenSizes: [], activation: 'tanh', initialStd: 1, minStd: 1 }),
    ).toThrow(
      'gaussian-mlp needs real-valued actions (a box), but these tasks have 4 discrete actions. Use categorical-mlp.',
    );
  });
});

describe('categorical-mlp', () => {
  test('log-probability, KL and entropy by their formulas', () => {
    const policy = categorical();
    // Logits ln(1, 2, 3, 4) are probabilities 0.1 … 0.4.
    const p = [[1, 2, 3, 4].map(Math.log)];
    expect(values(policy, (at) => policy.logProbability(at(p), constant([2], [1, 1])))).toBeAllClose([Math.log(0.3)]);
    const q = [[0, 0, 0, 0]];
    const entropy = -[0.1, 0.2, 0.3, 0.4].reduce((total, x) => total + x * Math.log(x), 0);
    expect(values(policy, (at) => policy.entropy(at(p)))).toBeAllClose([entropy]);
    // KL to the uniform distribution: ln 4 − entropy.
    expect(values(policy, (at) => policy.kl(at(p), at(q)))).toBeAllClose([Math.log(4) - entropy]);
    expect(values(policy, (at) => policy.kl(at(p), at(p)))).toEqual([0]);
  });

  test('samples with its probabilities, and greedily takes the mode', () => {
    const policy = categorical({ hiddenSizes: [] });
    // Weights 0 and biases ln(1, 2, 3, 4): probabilities 0.1 … 0.4 at every observation.
    const theta = new Float64Array(policy.layout.size);
    theta.set([1, 2, 3, 4].map(Math.log), 12);
    const n = 20_000;
    const actions = new Float32Array(n);
    const streams = Array.from({ length: n }, (_, rollout) => randomStream({ seed: 9, purpose: 'act', rollout }));
    policy.actor(theta).act(new Float32Array(3 * n), n, streams, actions, new Float64Array(n));
    for (const action of [0, 1, 2, 3]) {
      const share = actions.filter((a) => a === action).length / n;
      // Standard error √(p(1 − p)/n) < 0.0035: four of them.
      expect(Math.abs(share - (action + 1) / 10)).toBeLessThan(0.014);
    }
    policy.actor(theta).act(new Float32Array(3), 1, undefined, actions, new Float64Array(1));
    expect(actions[0]).toBe(3);
  });

  test('needs discrete actions', () => {
    expect(() => new CategoricalMlpPolicy(CONTINUOUS, { hiddenSizes: [], activation: 'tanh' })).toThrow(
      'Use gaussian-mlp',
    );
  });
});

describe.each([
  ['gaussian, two hidden layers', gaussian()],
  ['gaussian, linear', gaussian({ hiddenSizes: [] })],
  ['gaussian, relu', gaussian({ activation: 'relu' })],
  ['gaussian, sigmoid', gaussian({ activation: 'sigmoid' })],
  ['gaussian, fixed standard deviation', gaussian({ logStd: 'fixed' })],
  ['gaussian, standard deviation of the state', gaussian({ logStd: 'state-dependent' })],
  ['gaussian, linear, standard deviation of the state', gaussian({ logStd: 'state-dependent', hiddenSizes: [] })],
  ['categorical, one hidden layer', categorical()],
  ['categorical, linear', categorical({ hiddenSizes: [] })],
])('any policy: %s', (_name, policy) => {
  const noise = randomStream({ seed: 6, purpose: 'user' });
  const theta = policy.initialize(random()).map((x) => x + 0.1 * noise.normal() + 0.1);
  const n = 6;
  const observations = normals(3 * n);
  const act = (greedy: boolean) => {
    const actions = new Float32Array(n * policy.actionSize);
    const logProbabilities = new Float64Array(n);
    const streams = Array.from({ length: n }, (_, rollout) => randomStream({ seed: 2, purpose: 'act', rollout }));
    policy.actor(theta).act(observations, n, greedy ? undefined : streams, actions, logProbabilities);
    return { actions, logProbabilities };
  };

  test('initial parameters fill the layout, and the same stream gives the same ones', () => {
    expect(policy.initialize(random())).toHaveLength(policy.layout.size);
    expect([...policy.initialize(random())]).toEqual([...policy.initialize(random())]);
  });

  test('the actor’s log-probabilities are those of the recorded distribution', () => {
    const { actions, logProbabilities } = act(false);
    const recorded = tidy(() =>
      policy
        .logProbability(
          policy.distribution(policy.layout.constants(theta), constant(observations, [n, 3])),
          constant(actions, [n, policy.actionSize]),
        )
        .values(),
    );
    expect(logProbabilities).toBeAllClose(recorded, { rtol: 1e-5 });
  });

  test('greedy actions are the most likely ones, and acting is repeatable', () => {
    const { actions } = act(true);
    const at = (a: Float32Array) =>
      tidy(() =>
        policy
          .logProbability(
            policy.distribution(policy.layout.constants(theta), constant(observations, [n, 3])),
            constant(a, [n, policy.actionSize]),
          )
          .values(),
      );
    const best = at(actions);
    const other = at(act(false).actions);
    expect(best.every((value, i) => value >= (other[i] as number))).toBe(true);
    expect([...act(false).actions]).toEqual([...act(false).actions]);
  });

  test('∂KL/∂z is zero at equal distributions, in every direction', () => {
    const slope = tidy(() => {
      const z = policy.distribution(policy.layout.variables(theta), constant(observations, [n, 3]));
      const fixed = z.map((part) => constant(part.values(), part.shape));
      return gradients(ops.mean(policy.kl(fixed, z)), z).flatMap((g) => [...g.values()]);
    });
    expect(Math.max(...slope.map(Math.abs))).toBeLessThan(1e-7);
  });
});
