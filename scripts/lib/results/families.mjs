/**
 * What is measured: families of rows. Numbers are nowhere here but targets and known bounds, with their sources.
 *
 * @typedef {object} Row
 * @property {string} label As the tables name it.
 * @property {{ least: number, within?: number }} [target] The mean over seeds that is to be reached, and the most environment steps.
 * @property {number} [random] What random actions earn.
 * @property {number} [optimum] What the best policy that knows the task earns.
 * @property {string} [config] The row whose config it is, with `set` over it; its own if left out.
 * @property {string[]} [set] Overrides of the config.
 * @property {number[]} [seeds] In place of the family's.
 *
 * @typedef {object} Family
 * @property {string} title Of the section.
 * @property {string} measured One sentence: what the numbers are.
 * @property {number[]} seeds All seeds of a row.
 * @property {Record<string, Row>} rows By name: `configs/<family>/<name>.yaml`.
 * @property {'episode' | 'all'} [total] Totals over all episodes of a task in place of returns: of all of them, or as a mean per episode.
 * @property {string} [prose] What else there is to say, such as what helped.
 */

/** `from`, …, `to`. */
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** A row of TRPO with something changed, of a few seeds, to tell what it is good for. */
const trpoBut = (what, ...set) => ({ label: `TRPO ${what}`, config: 'trpo', set, seeds: range(1, 3) });

/** A row of VPG and one of TRPO, trained on one task, and further ones. */
function classicControl(title, { trpo, vpg } = {}, prose = '', further = {}) {
  return {
    title,
    measured:
      'Mean undiscounted return of 100 evaluation episodes, with the most probable (greedy) and with sampled actions.',
    seeds: range(1, 10),
    rows: { trpo: { label: 'TRPO', target: trpo }, vpg: { label: 'VPG', target: vpg }, ...further },
    prose,
  };
}

/**
 * The figure of the MAML paper. Its rows are made by point-navigation.mjs: `config` in configs/point-navigation, overrides, adaptation steps of the
 * evaluation, and whether the checkpoints are kept with the results.
 */
export const POINT_NAVIGATION = {
  title: '2D navigation',
  seeds: range(1, 3),
  rows: {
    maml: { label: 'MAML', config: 'paper.yaml', steps: 3, keep: true },
    pretrained: { label: 'Pretrained on all tasks jointly', config: 'paper-pretrained.yaml', steps: 3 },
    random: { label: 'Random initialisation', config: 'paper.yaml', set: ['run.iterations=0'], steps: 3 },
    oracle: { label: 'Oracle that sees the goal', config: 'paper-oracle.yaml', steps: 0 },
    original: { label: "MAML with the settings of the paper's code", config: 'paper-original.yaml', steps: 3 },
  },
};

/** The fourth roots of the discount 0.99 and of λ = 0.97: for one step what those are for four. */
const AS_FAR = ['advantages.discount=0.9975', 'advantages.lambda=0.9924'];

const MOUNTAIN_CAR =
  'Every step costs 1 until the goal is reached, so nothing is learnt before it is reached by chance. What helped is in the last rows, each with about as ' +
  'many environment steps. `action-repeat` holds each action for 4 steps: independent pushes cancel, held ones swing the car, and without it ' +
  'one seed of three never sees the goal (−200), also where the discount, which is per action, looks as far ahead. ' +
  '`observation-normalization` brings speeds, whose range is a thirteenth of that of positions, to the same scale: returns are better and ' +
  'the sampled policy is nearer to the greedy one. VPG reaches the goal later than TRPO after as many steps of training.';

const MOUNTAIN_CAR_CONTINUOUS =
  'Force costs and only the goal pays, so a policy that has not reached it yet learns to do nothing, which earns 0. What helped is in the last rows, each with ' +
  'about as many environment steps. A standard deviation that begins at 1, the whole range of forces, is what mattered most: with 0.3 two of three ' +
  'seeds end at 0. Without `action-repeat` one of three does, also where the discount, which is per action, looks as far ahead. ' +
  '`observation-normalization` changes little for greedy actions, and steadies sampled ones.';

/** @type {Record<string, Family>} In the order of the page, after 2D navigation. */
export const SEED_FAMILIES = {
  'cart-pole': classicControl('CartPole-v1', {
    trpo: { least: 475, within: 100_000 },
    vpg: { least: 450, within: 250_000 },
  }),
  acrobot: classicControl('Acrobot-v1', { trpo: { least: -100, within: 500_000 } }),
  pendulum: classicControl('Pendulum-v1', { trpo: { least: -250, within: 500_000 } }),
  'mountain-car': classicControl('MountainCar-v0', {}, MOUNTAIN_CAR, {
    'trpo-no-repeat': trpoBut(
      'without action-repeat',
      ...['wrappers=[{use: observation-normalization}]', 'trainer.stepsPerIteration=4000'],
    ),
    'trpo-no-repeat-far': trpoBut(
      'without action-repeat, looking as far',
      ...['wrappers=[{use: observation-normalization}]', 'trainer.stepsPerIteration=4000', ...AS_FAR],
    ),
    'trpo-no-normalization': trpoBut('without observation-normalization', 'wrappers=[{use: action-repeat, times: 4}]'),
    'trpo-neither': trpoBut('with neither', 'wrappers=[]', 'trainer.stepsPerIteration=4000'),
  }),
  'mountain-car-continuous': classicControl('MountainCarContinuous-v0', {}, MOUNTAIN_CAR_CONTINUOUS, {
    'trpo-no-repeat': trpoBut(
      'without action-repeat',
      ...['wrappers=[{use: action-scaling}, {use: observation-normalization}]', 'trainer.stepsPerIteration=8000'],
    ),
    'trpo-no-repeat-far': trpoBut(
      'without action-repeat, looking as far',
      'wrappers=[{use: action-scaling}, {use: observation-normalization}]',
      ...['trainer.stepsPerIteration=8000', ...AS_FAR],
    ),
    'trpo-no-normalization': trpoBut(
      'without observation-normalization',
      'wrappers=[{use: action-scaling}, {use: action-repeat, times: 4}]',
    ),
    'trpo-small-std': trpoBut('with a standard deviation that begins at 0.3', 'policy.initialStd=0.3'),
  }),
  bandits: {
    title: 'Bandits',
    measured:
      'What the first 100 pulls of a new bandit with 5 arms pay together, those that were adapted to included, as a mean over 1000 bandits.',
    total: 'all',
    seeds: range(1, 3),
    rows: {
      // Mishra et al. 2018 (SNAIL), table 3: MAML. All arms have mean 1/2; the best of 5 has K / (K + 1) = 5/6.
      bernoulli: { label: 'MAML, Bernoulli arms', target: { least: 67.1 }, random: 50, optimum: (100 * 5) / 6 },
      gaussian: { label: 'MAML, Gaussian arms', random: 50, optimum: (100 * 5) / 6 },
    },
    prose:
      'The target is the published figure for MAML on Bernoulli arms (Mishra et al. 2018, SNAIL, table 3). The optimum is the best arm at every pull, which nobody can ' +
      'know. On Bernoulli arms an untrained policy earns as much if its step size is chosen by hand: [Environments](environments.md#bandits) has that, and strategies ' +
      'that learn.',
  },
  'tabular-mdp': {
    title: 'Tabular MDPs',
    measured:
      'What an episode earns on average over the first 10 episodes in a new MDP, those that were adapted to included, as a mean over 1000 MDPs.',
    total: 'episode',
    seeds: range(1, 3),
    rows: { 'maml-trpo': { label: 'MAML', target: { least: 11.7 }, random: 10, optimum: 21.85 } },
    prose:
      'The target is the published figure for MAML with 10 episodes, the optimum that of a policy that knows the MDP; ' +
      '[Environments](environments.md#tabular-mdp) tells where both come from.',
  },
};

/** Every family, in the order of the page. */
export const FAMILIES = { 'point-navigation': POINT_NAVIGATION, ...SEED_FAMILIES };
