import {
  type Experiment,
  InnerloopError,
  type MetaObjective,
  startWorkerShards,
  type TaskReport,
  TOKENS,
  type Trainer,
  type WorkerPlan,
} from '@innerloop/core';
import { LocalShard, MamlTrainer, type ShardSettings } from '@innerloop/maml';
import { createPolicyGradientTrainer, type PolicyGradientOptions } from '@innerloop/policy-gradient';
import type { PhaseClock } from './clock.js';
import { TimedAdapter, timedShard, timedTask, WatchedObjective, WatchedOptimizer } from './instrument.js';

/** The trainer of an experiment with a clock in its parts. */
export interface Rig {
  readonly trainer: Trainer;
  readonly optimizer: WatchedOptimizer;
  readonly objective: WatchedObjective;
  /** What computes the update. */
  readonly engine: 'graph' | 'kernels';
  /** Whether `adapt` is a part of collecting, as it is where each task is adapted to. */
  readonly adaptsWhileCollecting: boolean;
  /** How many tasks an iteration has. */
  readonly tasks: number;
  /** Steps of each phase of the last iteration, over all tasks, given its metrics. */
  steps(metrics: Readonly<Record<string, unknown>>): readonly number[];
  /** Forgets the last iteration. */
  forget(): void;
}

/**
 * Builds an experiment's trainer anew, with a clock.
 *
 * @throws InnerloopError OPTION_INVALID if the trainer is neither `maml` nor `policy-gradient`.
 */
export function buildRig(experiment: Experiment, workers: WorkerPlan, clock: PhaseClock): Rig {
  const { use } = experiment.config.trainer;
  if (use === 'maml') return mamlRig(experiment, workers, clock);
  if (use === 'policy-gradient') return policyGradientRig(experiment, clock);
  throw new InnerloopError(
    'OPTION_INVALID',
    `bench: expected an experiment whose trainer is 'maml' or 'policy-gradient', found '${use}'. Choose another config.`,
  );
}

interface MamlOptions {
  readonly tasksPerIteration: number;
  readonly rolloutsPerTask: number;
  readonly adaptationSteps: number;
}

function mamlRig({ config, events, checks, get, tasks }: Experiment, workers: WorkerPlan, clock: PhaseClock): Rig {
  const inner = get(TOKENS.objective);
  const objective = new WatchedObjective(inner, clock);
  const parts = {
    tasks,
    objective,
    policy: get(TOKENS.policy),
    inner: get(TOKENS.inner),
    advantages: get(TOKENS.advantages),
    baseline: get(TOKENS.baseline),
  };
  const adapter = new TimedAdapter(parts, clock);
  const { tasksPerIteration, rolloutsPerTask, adaptationSteps } = config.trainer as unknown as MamlOptions;
  const { seed } = config.run;
  const optimizer = new WatchedOptimizer(get(TOKENS.meta));
  const settings: ShardSettings = { seed, rolloutsPerTask, adaptationSteps };
  const shards =
    workers.count === 0 ? [new LocalShard(adapter, objective, settings)] : startWorkerShards(workers, settings);
  const reports: TaskReport[] = [];
  const timed = shards.map((shard) => timedShard(shard, clock, (found) => reports.push(...found)));
  const trainer = new MamlTrainer({ adapter, shards: timed, optimizer, events, checks }, { seed, tasksPerIteration });
  return {
    ...{
      trainer,
      optimizer,
      objective,
      engine: engineOf(inner),
      adaptsWhileCollecting: true,
      tasks: tasksPerIteration,
    },
    steps: () =>
      Array.from({ length: reports[0]?.phases.length ?? 0 }, (_, phase) =>
        reports.reduce((total, report) => total + (report.phases[phase]?.steps ?? 0), 0),
      ),
    forget() {
      reports.length = 0;
      objective.forget();
    },
  };
}

function policyGradientRig({ config, events, checks, get, tasks }: Experiment, clock: PhaseClock): Rig {
  const options = config.trainer as unknown as PolicyGradientOptions;
  const optimizer = new WatchedOptimizer(get(TOKENS.optimizer));
  let objective: WatchedObjective | undefined;
  let engine: Rig['engine'] = 'graph';
  const watch = (inner: MetaObjective) => {
    engine = engineOf(inner);
    objective = new WatchedObjective(inner, clock, (task) => timedTask(task, clock));
    return objective;
  };
  const trainer = createPolicyGradientTrainer(
    {
      ...{ tasks, optimizer, events, checks },
      policy: get(TOKENS.policy),
      advantages: get(TOKENS.advantages),
      baseline: get(TOKENS.baseline),
      wrappers: get(TOKENS.wrappers),
      run: get(TOKENS.run),
    },
    options,
    watch,
  );
  const watched = objective as unknown as WatchedObjective;
  return {
    ...{ trainer, optimizer, objective: watched, engine, adaptsWhileCollecting: false },
    tasks: options.tasksPerIteration,
    steps: (metrics) => [metrics.steps as number],
    forget: () => watched.forget(),
  };
}

/** An objective that does not say works on recorded graphs. */
function engineOf(objective: MetaObjective): Rig['engine'] {
  return 'engine' in objective && objective.engine === 'kernels' ? 'kernels' : 'graph';
}
