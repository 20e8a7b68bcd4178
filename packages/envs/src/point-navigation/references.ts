import type { ReferenceRow } from '@innerloop/core';

const SOURCE =
  'Finn, Abbeel and Levine 2017, figure 4; figures from the result files in icml/ of github.com/cbfinn/maml_rl (40 test ' +
  'goals; first step size 0.5, then 0.25; at least 40 trajectories a step)';

/** On the paper's goals, with the policy's own randomness. */
const MEASURED = { source: SOURCE, taskSet: 'paper', greedy: false } as const;

/**
 * Published returns on 2D navigation after 0, 1, … adaptation steps: means over the paper's 40 test goals of the undiscounted
 * return, with 1.96 · sd / √40. They hold for the MDP with its default options.
 */
export const POINT_NAVIGATION_REFERENCES: readonly ReferenceRow[] = [
  {
    label: 'MAML (Finn et al. 2017)',
    meanReturn: [-40.41, -11.68, -3.33, -3.23, -3.35],
    ci95: [4.01, 2.16, 0.55, 0.58, 0.59],
    ...MEASURED,
  },
  {
    label: 'Random initialisation (Finn et al. 2017)',
    meanReturn: [-82.66, -57.96, -53.84, -46.81, -42.91],
    ci95: [2.16, 1.84, 1.62, 1.28, 1.27],
    ...MEASURED,
  },
  {
    label: 'Oracle that sees the goal (Finn et al. 2017)',
    meanReturn: [-2.29],
    ci95: [0.14],
    ...MEASURED,
  },
];
