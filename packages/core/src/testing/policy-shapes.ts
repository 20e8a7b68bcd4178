import * as ops from '../numerics/ops.js';
import type { Report } from './findings.js';
import { largestGap, type PolicyProbe } from './policy-probe.js';

const ROWS = 7;
/** Between float32 on the backend and whatever an actor computes in. */
const TOLERANCE = 1e-3;

/** Layout, first parameters, and the shapes of all that is recorded. */
export function checkShapes(probe: PolicyProbe, report: Report): void {
  const { policy, spaces } = probe;
  const { actionSpace } = spaces;
  const actionSize = actionSpace.kind === 'box' ? actionSpace.low.length : 1;
  if (policy.actionSize !== actionSize) {
    const why = actionSpace.kind === 'box' ? 'actions are vectors of that length' : 'discrete actions are one number';
    report('actionSize', `actionSize is ${policy.actionSize}. Make it ${actionSize}: ${why}.`);
  }
  const [first, again] = [0, 0].map((rollout) => policy.initialize(probe.stream('initialize', rollout)));
  if (first?.length !== policy.layout.size) {
    report(
      'initialize',
      `initialize() gave ${first?.length} numbers, but the layout has ${policy.layout.size}. Give one for each.`,
    );
  } else if (!first.every(Number.isFinite)) {
    report('initialize', 'initialize() gave a number that is not finite. Give finite first parameters.');
  } else if (largestGap(first, again as Float64Array) > 0) {
    report(
      'initialize',
      'initialize() gave different numbers from the same stream. Take all randomness from `random`.',
    );
  }
}

/** Shapes and finite values of what is recorded at `ROWS` observations. */
export function checkRecorded(probe: PolicyProbe, report: Report): void {
  const { policy, theta } = probe;
  const observations = probe.observations(ROWS);
  const { actions } = probe.act(policy.actor(theta), observations, 0);
  const quantities = {
    'logProbability()': probe.lists(theta, observations, (at) => [
      policy.logProbability(at, probe.actionTensor(actions)),
    ]),
    'kl()': probe.lists(theta, observations, (at) => [policy.kl(at, at)]),
    'entropy()': probe.lists(theta, observations, (at) => [policy.entropy(at)]),
  };
  for (const [name, [values]] of Object.entries(quantities)) {
    if (values?.length !== ROWS) {
      report(
        name,
        `${name} gave ${values?.length} numbers for ${ROWS} states. Give one for each state, summed over the action's dimensions.`,
      );
    } else if (!values.every(Number.isFinite)) {
      report(
        name,
        `${name} gave ${values.find((value) => !Number.isFinite(value))}. It must be finite at first parameters and chosen actions.`,
      );
    }
  }
}

/** What an actor chooses, against what is recorded. */
export function checkActor(probe: PolicyProbe, report: Report): void {
  const { policy, theta, other, spaces } = probe;
  const observations = probe.observations(ROWS);
  const given = observations.slice();
  const actor = policy.actor(theta);
  const chosen = probe.act(actor, observations, 0);
  if (spaces.actionSpace.kind === 'discrete') {
    const { count } = spaces.actionSpace;
    const wrong = chosen.actions.find((a) => !Number.isInteger(a) || a < 0 || a >= count);
    if (wrong !== undefined)
      report('action', `The actor chose the action ${wrong}. Choose a whole number from 0 to ${count - 1}.`);
  }
  if (largestGap(observations, given) > 0)
    report('observations', 'The actor wrote into the observations. Leave them as they are: they are recorded.');
  const recorded = probe.logProbabilities(theta, observations, chosen.actions);
  if (largestGap(chosen.logProbabilities, recorded) > TOLERANCE) {
    report(
      'actor log-probability',
      `The actor gave its first action the log-probability ${chosen.logProbabilities[0]}, and logProbability() gives it ${recorded[0]}. ` +
        'Make the actor compute the same distribution as distribution().',
    );
  }
  const repeated = probe.act(actor, observations, 0);
  if (largestGap(chosen.actions, repeated.actions) > 0) {
    report(
      'streams',
      'The actor chose different actions from the same streams. Take all randomness from `randoms[row]`, a stream for each row.',
    );
    return;
  }
  const others = probe.act(actor, observations, 1000);
  if (largestGap(chosen.actions, others.actions) === 0) {
    report('streams', 'The actor chose the same actions from other streams. Sample with `randoms[row]`.');
  }
  probe.act(policy.actor(other), observations, 0);
  if (largestGap(chosen.actions, probe.act(actor, observations, 0).actions) > 0) {
    report(
      'actors',
      'An actor chose other actions after an actor with other parameters had acted. Let each keep its own parameters.',
    );
  }
  checkRows(probe, report);
  checkGreedy(probe, report);
}

/** Whether each row is chosen for itself, and rows beyond `count` are left alone. */
function checkRows(probe: PolicyProbe, report: Report): void {
  const { policy, theta, observationSize } = probe;
  const actor = policy.actor(theta);
  const observations = probe.observations(ROWS);
  const together = probe.act(actor, observations, 0);
  for (let row = 0; row < ROWS; row++) {
    const alone = probe.act(actor, observations.slice(row * observationSize, (row + 1) * observationSize), row);
    const same = together.actions.subarray(row * policy.actionSize, (row + 1) * policy.actionSize);
    if (largestGap(alone.actions, same) <= TOLERANCE) continue;
    report(
      'rows',
      'A row gets another action when it is alone. Choose for each row by its own observation and its own stream.',
    );
    return;
  }
  const actions = new Float32Array((ROWS + 1) * policy.actionSize).fill(77);
  const logProbabilities = new Float64Array(ROWS + 1).fill(77);
  const streams = Array.from({ length: ROWS }, (_, row) => probe.stream('act', row));
  const longer = Float32Array.from([...observations, ...new Array<number>(observationSize).fill(0)]);
  actor.act(longer, ROWS, streams, actions, logProbabilities);
  if (actions.at(-1) !== 77 || logProbabilities.at(-1) !== 77) {
    report('count', 'The actor wrote to rows beyond `count`. Buffers may be longer than what is valid in them.');
  }
}

function checkGreedy(probe: PolicyProbe, report: Report): void {
  const { policy, theta } = probe;
  const observations = probe.observations(ROWS, 16);
  const actor = policy.actor(theta);
  const [greedy, again] = [probe.act(actor, observations, 'greedy'), probe.act(actor, observations, 'greedy')];
  const mean = (actions: Float32Array) =>
    probe.values(theta, observations, (at) =>
      ops.mean(policy.logProbability(at, probe.actionTensor(actions))),
    )[0] as number;
  const [best, sampled] = [mean(greedy.actions), mean(probe.act(actor, observations, 0).actions)];
  if (largestGap(greedy.actions, again.actions) > 0) {
    report(
      'greedy',
      'Without streams the actor chose different actions for the same observations. Take the mode of the distribution.',
    );
  } else if (!(best >= sampled - TOLERANCE)) {
    report(
      'greedy',
      `Without streams the actor chose actions that are less likely (${best} on average) than sampled ones (${sampled}). Take the mode of the ` +
        'distribution.',
    );
  }
}
