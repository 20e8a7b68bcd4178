import {
  type CheckpointName,
  type Experiment,
  type ExperimentConfig,
  loadRunParameters,
  openRunExperiment,
  type Plugin,
  restoreTrainer,
  TOKENS,
} from '@innerloop/core';
import { Adapter } from './adapter.js';
import { type Agent, type AgentOptions, createAgent } from './agent.js';
import { metaLayout } from './maml-task.js';
import { NO_ADAPTATION } from './no-adaptation.js';

/** Options of {@link loadAgent}. */
export interface LoadAgentOptions extends AgentOptions {
  /** The plugins that the run's config takes for granted, such as `defaultPlugins` of `@innerloop/cli`. */
  readonly plugins?: readonly Plugin[];
  /** Default: the best checkpoint if the run kept one, else the last. */
  readonly checkpoint?: CheckpointName;
  /** The user's own objects that the run was given in code, such as `{ tasks: new MyTasks() }`: a config cannot hold them. */
  readonly objects?: Omit<ExperimentConfig, 'run' | 'evaluation' | 'plugins'>;
}

/** What adaptation is made of in an experiment. */
export function adapterOf(experiment: Pick<Experiment, 'get' | 'tasks'>): Adapter {
  return new Adapter({
    tasks: experiment.tasks,
    policy: experiment.get(TOKENS.policy),
    inner: experiment.get(TOKENS.inner),
    advantages: experiment.get(TOKENS.advantages),
    baseline: experiment.get(TOKENS.baseline),
    objective: experiment.get(TOKENS.objective),
  });
}

/** The same of an experiment that has no inner optimizer. */
function stillAdapterOf({ get, tasks }: Pick<Experiment, 'get' | 'tasks'>): Adapter {
  const [policy, advantages, baseline] = [get(TOKENS.policy), get(TOKENS.advantages), get(TOKENS.baseline)];
  return new Adapter({ tasks, policy, advantages, baseline, inner: NO_ADAPTATION });
}

/**
 * Loads a trained run for use in an application, with what its wrappers learned. Also makes the run's tensor backend active. The agent of a run without meta-learning acts, and
 * cannot adapt.
 *
 * @param runDirectory Where the run is, such as `runs/point-navigation`.
 * @throws InnerloopError RUN_NOT_FOUND, RUN_UNREADABLE, CONFIG_INVALID, PLUGIN_NOT_FOUND or CHECKPOINT_UNREADABLE.
 */
export async function loadAgent(runDirectory: string, options: LoadAgentOptions = {}): Promise<Agent> {
  const { plugins = [], checkpoint, objects = {}, ...rest } = options;
  const { directory, experiment } = await openRunExperiment(runDirectory, {
    plugins,
    // Nothing is trained here, so nobody is asked or told, and no threads are needed.
    change: (config) => ({ ...config, run: { ...config.run, workers: 0 }, checks: [], loggers: [], ...objects }),
  });
  const adapter = experiment.config.inner ? adapterOf(experiment) : stillAdapterOf(experiment);
  const layout = metaLayout(adapter.parts.policy, adapter.parts.inner);
  const loaded = await loadRunParameters(directory, layout, checkpoint);
  const wrappers = experiment.get(TOKENS.wrappers);
  // What wrappers learned is a part of the trainer's state, whose form the trainer alone knows.
  if (wrappers.some(({ learned }) => learned)) restoreTrainer(experiment.trainer, loaded);
  return createAgent(adapter, loaded.parameters, { wrappers, ...rest });
}
