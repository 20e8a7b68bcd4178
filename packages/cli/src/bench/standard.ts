/**
 * The experiment that is measured if no config is given: `configs/point-navigation/maml-trpo.yaml` as far as one meta-iteration
 * depends on it, so that an installed command needs no file.
 */
export const STANDARD_EXPERIMENT = `run: { name: bench, seed: 1 }
trainer: { use: maml, tasksPerIteration: 20, rolloutsPerTask: 20, adaptationSteps: 1 }
objective: { use: maml, derivative: exact, curvature: gauss-newton }
tasks: { use: point-navigation, horizon: 100 }
wrappers: [action-scaling]
policy: { use: gaussian-mlp, hiddenSizes: [64, 64], activation: tanh }
inner: { use: vpg, learningRate: 0.1 }
meta: { use: trpo, maxKl: 0.01, cgIterations: 10, cgDamping: 1.0e-5, backtrackCoefficient: 0.8, maxBacktracks: 15 }
advantages: { use: gae, discount: 0.99, lambda: 1, normalize: true }
baseline: linear-feature
loggers: []
`;
