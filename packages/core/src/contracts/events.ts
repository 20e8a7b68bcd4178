import type { Judgement } from './check.js';
import type { Json } from './json.js';
import type { EvaluationResult, Metrics } from './trainer.js';

/**
 * Everything that is announced while a run goes on. Payloads are plain data: a listener can log them, send them or keep
 * them, and cannot change training.
 */
export type Events = {
  /** Before the first iteration of this process. */
  'run:start': { name: string; directory: string | null; iteration: number; iterations: number; config: Json };
  /** After the last iteration, whatever ended the run. */
  'run:end': { iteration: number; reason: 'finished' | 'interrupted' | 'stopped' | 'failed'; detail: string };
  'iteration:start': { iteration: number };
  /** With every metric of the iteration. */
  'iteration:end': { iteration: number; metrics: Metrics };
  /** All trajectories of one phase have been collected. Phase j is Dʲ; the last one is D′. */
  'rollout:end': { iteration: number; phase: number; episodes: number; steps: number; meanReturn: number };
  /** Every task has been adapted. `kl` is KL(π_θ ‖ π_φ) on the pre-adaptation data, one a task. */
  'adaptation:end': { iteration: number; kl: number[]; returnBefore: number[]; returnAfter: number[] };
  /** What the checks said of the adaptation or of the proposed meta-step. */
  'check:verdict': { iteration: number; stage: 'adaptation' | 'meta-step'; judgement: Judgement };
  /** The meta-step was committed (`accepted`) or not. */
  'meta-step:end': {
    iteration: number;
    accepted: boolean;
    reason: string;
    kl: number;
    surrogateBefore: number;
    surrogateAfter: number;
    backtracks: number;
    gradientNorm: number;
  };
  /** A periodic evaluation on validation tasks, or the final one. */
  'evaluation:end': { iteration: number; final: boolean; best: boolean; result: EvaluationResult };
  /** A checkpoint is on disk. */
  'checkpoint:saved': { iteration: number; file: string; best: boolean };
  /** Something went wrong. `source` names the component, such as `logger 'jsonl'`. */
  error: { source: string; message: string; fatal: boolean };
};

/** The name of an event. */
export type EventName = keyof Events;

/** Announces events and lets others listen. */
export interface EventBus {
  /** Calls `listener` at each event of that name, in the order of registration. Returns how to stop. */
  on<Name extends EventName>(name: Name, listener: (payload: Events[Name]) => void, owner?: string): () => void;
  /** Calls `listener` at every event. Returns how to stop. */
  onAny(listener: (name: EventName, payload: Events[EventName]) => void, owner?: string): () => void;
  /** Announces. A listener that throws is reported as an `error` event and disturbs nothing. */
  emit<Name extends EventName>(name: Name, payload: Events[Name]): void;
}

/** Writes events somewhere. Only listens. */
export interface Logger {
  /** Registers listeners. Called once, before `run:start`. */
  attach(events: EventBus): void;
  /** Flushes and closes; awaited at the end of the run. */
  close(): Promise<void>;
}
