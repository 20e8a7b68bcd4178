// Mistakes that the tests must notice, each tried on every full check. To try some of them by hand:
// node scripts/mutations.mjs <part of a name>
import { fileURLToPath } from 'node:url';
import { tryMutations } from './lib/mutate.mjs';

const REFERENCE = 'packages/maml/test/reference.grad.test.ts';
const WRITTEN_OUT = 'packages/maml/test/written-out.grad.test.ts';
const OBJECTIVE = 'packages/maml/test/objective.grad.test.ts';
const VARIANTS = 'packages/maml/test/variants.grad.test.ts';

/** @type {readonly import('./lib/mutate.mjs').Mutation[]} */
export const MUTATIONS = [
  {
    name: "tanh's derivative drops a term",
    file: 'packages/core/src/numerics/ops.ts',
    find: 'mul(dy, tanhSlope(y))',
    replace: 'dy',
    tests: ['packages/core/test/ops.grad.test.ts', 'packages/core/test/differentiate.grad.test.ts'],
  },
  {
    name: "tanh's second derivative is dropped",
    file: 'packages/core/src/numerics/ops.ts',
    find: 'scale(mul(dy, y), -2)',
    replace: 'scale(dy, 0)',
    tests: ['packages/core/test/ops.grad.test.ts', REFERENCE],
  },
  {
    name: "the divisor's derivative is dropped",
    file: 'packages/core/src/numerics/ops.ts',
    find: 'neg(div(mul(dy, y), b))',
    replace: 'scale(b, 0)',
    tests: ['packages/core/test/ops.grad.test.ts'],
  },
  {
    name: 'reverse accumulation keeps only the last of several paths',
    file: 'packages/core/src/numerics/differentiate.ts',
    find: 'received.set(target, before ? add(before, cotangent) : cotangent);',
    replace: 'received.set(target, cotangent);',
    tests: ['packages/core/test/differentiate.grad.test.ts', REFERENCE],
  },
  {
    name: 'first order in place of exact',
    file: 'packages/maml/src/adaptation.ts',
    find: "if (this.derivative === 'exact') policy = back.slice(0, recorded.policy.length);",
    replace: '',
    tests: [REFERENCE, OBJECTIVE],
  },
  {
    name: 'the sign of α in J: I + αH in place of I − αH',
    file: 'packages/maml/src/adaptation.ts',
    find: 'policy = back.slice(0, recorded.policy.length);',
    replace:
      'policy = back.slice(0, recorded.policy.length).map((w, i) => w && ops.sub(ops.scale(policy[i] as Tensor, 2), w));',
    tests: [REFERENCE, OBJECTIVE],
  },
  {
    name: 'the order of the inner steps reversed in Jᵀ',
    file: 'packages/maml/src/adaptation.ts',
    find: '[...this.steps].reverse()',
    replace: '[...this.steps]',
    tests: [REFERENCE, OBJECTIVE],
  },
  {
    name: 'Fisher from sampled scores',
    file: 'packages/maml/src/curvature.ts',
    find: 'return (w: readonly (Tensor | undefined)[]) => pullback(z, phi, pullback(slope, cut, forward(w)));',
    // Σ_i s_i s_iᵀ w / N with s = ∇_z log π(a|s) of the sampled actions, in place of the expectation over actions.
    replace: `const logp = policy.logProbability(cut, frozen.outer.actions);
      const scores = gradients(ops.sum(logp), cut);
      return (w: readonly (Tensor | undefined)[]) => {
        const Jw = forward(w) as Tensor[];
        const dots = scores.map((s, i) => ops.mul(s, Jw[i] as Tensor));
        return pullback(z, phi, scores.map((s, i) => ops.scale(ops.mul(s, dots[i] as Tensor), 1 / frozen.outer.steps)));
      };`,
    tests: [REFERENCE, OBJECTIVE],
  },
  {
    name: 'written out: the Hessian product forgets that activations move',
    file: 'packages/core/src/kernels/mlp-passes.ts',
    find: 'this.addOuter(n, ra, delta, l, gradient);',
    replace: '',
    tests: [WRITTEN_OUT],
  },
  {
    name: 'written out: the Hessian product forgets that weights move',
    file: 'packages/core/src/kernels/mlp-passes.ts',
    find: 'this.rowsTimes(n, rows.deltas, l, first, v.transposed[l] as number, l - 1, t, 1);',
    replace: '',
    tests: [WRITTEN_OUT],
  },
  {
    name: 'written out: first order in place of exact',
    file: 'packages/maml/src/written-out-objective.ts',
    find: 'value - alpha * (Hv[i] as number)',
    replace: 'value - 0 * alpha * (Hv[i] as number)',
    tests: [WRITTEN_OUT],
  },
  {
    name: 'written out: the sign of α in J',
    file: 'packages/maml/src/written-out-objective.ts',
    find: 'value - alpha * (Hv[i] as number)',
    replace: 'value + alpha * (Hv[i] as number)',
    tests: [WRITTEN_OUT],
  },
  {
    name: 'written out: the order of the inner steps reversed in Jᵀ',
    file: 'packages/maml/src/written-out-objective.ts',
    find: 'for (let j = inner.length - 1; j >= 0; j--)',
    replace: 'for (let j = 0; j < inner.length; j++)',
    tests: [WRITTEN_OUT],
  },
  {
    name: 'written out: Fisher from sampled scores',
    file: 'packages/maml/src/written-out.ts',
    find: 'this.maths.head.fisher(\n        this.values(),',
    // With w = 0 and u = 1/N the tangent of the loss is Σ s sᵀ · along / N, of the sampled actions.
    replace: `this.maths.head.tangent(
        this.values(),
        this.batch.actions,
        new Float64Array(this.batch.steps),
        new Float64Array(this.batch.steps).fill(1 / this.batch.steps),`,
    tests: [WRITTEN_OUT],
  },
  {
    name: 'a flipped meta-gradient',
    file: 'packages/maml/src/written-out.ts',
    find: 'const w = advantages.map((a, i) => (-a *',
    replace: 'const w = advantages.map((a, i) => (a *',
    tests: ['packages/maml/test/maml.learn.test.ts'],
  },
  {
    name: 'no adaptation',
    file: 'packages/maml/src/written-out.ts',
    find: 'phi.map((value, i) => value - alpha * (g[i] as number))',
    replace: 'phi.map((value, i) => value - 0 * alpha * (g[i] as number))',
    tests: ['packages/maml/test/maml.learn.test.ts'],
  },
  {
    name: 'inner terms of the objective leave no gradient',
    file: 'packages/maml/src/adaptation.ts',
    find: 'if (also) policy = addLists(policy, also(recorded.step));',
    replace: '',
    tests: [VARIANTS],
  },
  {
    name: 'inner terms pass by the Jacobian of the steps before',
    file: 'packages/maml/src/adaptation.ts',
    find: 'if (also) policy = addLists(policy, also(recorded.step));',
    replace:
      'if (also && recorded.step === 0) for (const { step } of this.steps) policy = addLists(policy, also(step));',
    tests: [VARIANTS],
  },
  {
    name: 'promp clips on the wrong side',
    file: 'packages/maml/src/promp.ts',
    find: 'ops.relu(ops.neg(advantages))',
    replace: 'ops.neg(ops.relu(advantages))',
    tests: [VARIANTS],
  },
  {
    name: 'promp: KL the other way round',
    file: 'packages/maml/src/promp.ts',
    find: 'policy.kl(oldDistribution, distribution)',
    replace: 'policy.kl(distribution, oldDistribution)',
    tests: [VARIANTS],
  },
  {
    name: 'e-maml: the score with the wrong sign',
    file: 'packages/maml/src/e-maml.ts',
    find: 'ops.sub(logProbability, oldLogProbability)',
    replace: 'ops.sub(oldLogProbability, logProbability)',
    tests: [VARIANTS],
  },
  {
    name: 'reptile: φ moves with θ',
    file: 'packages/maml/src/reptile.ts',
    find: 'value - (this.phi[i] as number)',
    replace: 'value - (this.task.adapted(parameters)[i] as number)',
    tests: [VARIANTS],
  },
  {
    name: 'meta-sgd: no derivative reaches the step sizes',
    file: 'packages/optim-vpg/src/meta-sgd.ts',
    find: 'ops.mul(alpha[index] as Tensor, g[index] as Tensor)',
    replace:
      'ops.mul(Object.assign(Object.create(alpha[index] as Tensor), { tracked: false }) as Tensor, g[index] as Tensor)',
    tests: [VARIANTS],
  },
  {
    name: 'written out: anil keeps parts on the wrong side of H',
    file: 'packages/maml/src/written-out-objective.ts',
    find: 'transposed ? point.hessianProduct(maths.keepAdapted(v)) : maths.keepAdapted(point.hessianProduct(v))',
    replace: 'transposed ? maths.keepAdapted(point.hessianProduct(v)) : point.hessianProduct(maths.keepAdapted(v))',
    tests: [VARIANTS],
  },
  {
    name: 'policy-gradient: the value function is not kept in checkpoints',
    file: 'packages/policy-gradient/src/trainer.ts',
    find: 'this.value.restore(value);',
    replace: '',
    tests: ['packages/policy-gradient/test/resume.test.ts'],
  },
  {
    name: 'policy-gradient: line 8 before line 7',
    file: 'packages/policy-gradient/src/trainer.ts',
    find: 'const step = await this.improve(iteration, batch); // lines 6 and 7',
    replace: 'this.value.fit(batch.states, batch.returns); const step = await this.improve(iteration, batch);',
    tests: ['packages/policy-gradient/test/trainer.test.ts'],
  },
  {
    name: 'policy-gradient: more episodes at once than must be needed',
    file: 'packages/policy-gradient/src/collect.ts',
    find: 'Math.ceil((amount.steps - steps) / distribution.horizon)',
    replace: 'Math.ceil((2 * (amount.steps - steps)) / distribution.horizon)',
    tests: ['packages/policy-gradient/test/collect.test.ts'],
  },
  {
    name: 'policy-gradient: a checkpoint is evaluated with what wrappers have learned since',
    file: 'packages/policy-gradient/src/learned-wrappers.ts',
    find: '      this.restore(state);\n      return await act();',
    replace: '      void state;\n      return await act();',
    tests: ['packages/policy-gradient/test/resume.test.ts'],
  },
  {
    name: "mlp-value: the squared error's gradient without its factor",
    file: 'packages/core/src/baselines/value-network.ts',
    find: '(2 * error) / rows.count',
    replace: 'error / rows.count',
    tests: ['packages/core/test/mlp-value.test.ts'],
  },
  {
    name: 'gradient: a schedule that ends one step early',
    file: 'packages/optim-vpg/src/schedule.ts',
    find: 'Math.min(k, count - 1) / count',
    replace: 'Math.min(k, count - 1) / (count - 1)',
    tests: ['packages/optim-vpg/test/gradient.test.ts'],
  },
  {
    name: 'n-step: one reward more than n',
    file: 'packages/core/src/advantages/n-step.ts',
    find: 'Math.min(i + n, stop)',
    replace: 'Math.min(i + n + 1, stop)',
    tests: ['packages/core/test/advantages.test.ts'],
  },
  {
    name: 'td-residual: an episode goes on into the next one',
    file: 'packages/core/src/advantages/td-residual.ts',
    find: '(i < last ? values[i + 1] : finalValues[e])',
    replace: '(i + 1 < values.length ? values[i + 1] : finalValues[e])',
    tests: ['packages/core/test/advantages.test.ts'],
  },
  {
    name: 'time-dependent-mean: no value past the longest episode',
    file: 'packages/core/src/baselines/time-dependent-mean.ts',
    find: 'means[Math.min(t, means.length - 1)]',
    replace: 'means[t]',
    tests: ['packages/core/test/prepare-batch.test.ts', 'packages/core/test/baselines.test.ts'],
  },
  {
    name: 'state-dependent σ: the tangent forgets that σ moves the slope of the mean',
    file: 'packages/core/src/policies/state-gaussian-head.ts',
    find: '-precision * rMean - 2 * s * rLogStd',
    replace: '-precision * rMean',
    tests: [WRITTEN_OUT, 'packages/core/test/check-policy.test.ts'],
  },
  {
    name: 'state-dependent σ: below the floor it still moves',
    file: 'packages/core/src/policies/state-gaussian-head.ts',
    find: 'free: output >= Math.fround(this.minLogStd) ? 1 : 0',
    replace: 'free: 1',
    tests: [WRITTEN_OUT],
  },
  {
    name: 'fixed σ is learned',
    file: 'packages/core/src/policies/log-std.ts',
    find: 'readonly parts = [];\n  readonly head: PolicyHead;\n  private readonly logStd: Float64Array;',
    replace:
      "readonly parts = [{ name: 'logStd', shape: [1] }];\n  readonly head: PolicyHead;\n  private readonly logStd: Float64Array;",
    tests: ['packages/core/test/policies.test.ts'],
  },
  {
    name: 'orthogonal: vectors are not projected',
    file: 'packages/core/src/policies/initialization.ts',
    find: 'addScaled(vector, other, -dot(vector, other));',
    replace: 'addScaled(vector, other, 0);',
    tests: ['packages/core/test/initialization.test.ts'],
  },
  {
    name: 'observation-normalization: batches are averaged, however long',
    file: 'packages/envs/src/wrappers/running-moments.ts',
    find: '(gap * other.count) / total',
    replace: 'gap / 2',
    tests: ['packages/envs/test/observation-normalization.test.ts'],
  },
  {
    name: 'observation-normalization: evaluations count',
    file: 'packages/envs/src/wrappers/observation-normalization.ts',
    find: 'if (!this.counting) return;',
    replace: '',
    tests: ['packages/envs/test/observation-normalization.test.ts', 'packages/policy-gradient/test/wrappers.test.ts'],
  },
  {
    name: 'episode-statistics: joined batches forget what environments told',
    file: 'packages/core/src/rollouts/join.ts',
    find: '...(returns.length === parts.length ?',
    replace: '...(returns.length === 0 ?',
    tests: ['packages/core/test/episode-returns.test.ts'],
  },
];

/** Tries every mutation; the results are those of a check. */
export const mutationChecks = () => tryMutations(MUTATIONS);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = MUTATIONS.filter(({ name }) => process.argv.slice(2).every((part) => name.includes(part)));
  const results = await tryMutations(wanted);
  for (const { name, ok, output } of results) console.log(`${ok ? 'pass' : 'FAIL'}  ${name}${ok ? '' : `\n${output}`}`);
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
}
