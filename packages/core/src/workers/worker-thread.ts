import { Worker } from 'node:worker_threads';
import { InnerloopError, isInnerloopError, messageOf } from '../errors.js';
import { connect, type Remote } from './comlink.js';
import { type Answer, fromFault } from './faults.js';

/** How a worker is started, and what it is called in messages. */
export interface WorkerThreadOptions<Service> {
  /** The URL of the file that it runs. */
  readonly entry: string;
  /** Such as `worker 2 of 3`. */
  readonly name: string;
  readonly timeoutSeconds: number;
  /** The first question; every other one comes after its answer. */
  readonly greet: (service: Remote<Service>) => Promise<Answer<unknown>>;
  /** Called once if the worker fails by itself. */
  readonly onFailure: (error: InnerloopError) => void;
}

/**
 * A worker thread that answers one question after the other. It is started by the first one. It keeps the process alive only while it owes
 * an answer, and it never outlives a failure: a worker that ends by itself, throws where nobody catches, or is silent for too long is
 * terminated, and every question from then on is answered by the same error.
 */
export class WorkerThread<Service> {
  private running: { readonly worker: Worker; readonly service: Remote<Service> } | undefined;
  private failure: InnerloopError | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  /** What it works on, for messages. */
  private work: string | undefined;
  private giveUp: ((error: InnerloopError) => void) | undefined;

  constructor(private readonly options: WorkerThreadOptions<Service>) {}

  /**
   * Asks, once the earlier questions are answered.
   *
   * @param work What the worker is then doing, such as `adapting to task 3`.
   * @throws InnerloopError of the worker, as it was thrown there.
   * @throws InnerloopError WORKER_FAILED if the worker threw something else, ended, or did not answer in time.
   */
  ask<T>(work: string, question: (service: Remote<Service>) => Promise<Answer<T>>): Promise<T> {
    const answer = this.turn.then(async () => {
      const service = this.running?.service ?? (await this.start());
      return this.exchange(work, () => question(service));
    });
    this.turn = answer.catch(() => undefined);
    return answer;
  }

  /** Terminates the worker. What was not answered, and whatever is asked later, fails with `reason`. */
  async end(reason: InnerloopError): Promise<void> {
    this.failure ??= reason;
    this.giveUp?.(this.failure);
    await this.running?.worker.terminate();
  }

  private async start(): Promise<Remote<Service>> {
    if (this.failure) throw this.failure;
    const { entry, name, greet } = this.options;
    // Node's options are inherited, but it refuses that one (of `node --input-type=module --eval …`) for a file.
    const inherited = !process.execArgv.some((option) => option.startsWith('--input-type'));
    const worker = new Worker(new URL(entry), { name, ...(!inherited && { execArgv: [] }) });
    worker.on('error', (error) => this.fail(`stopped with the error: ${messageOf(error)}`, error));
    worker.on('exit', (code) => this.fail(`ended with exit code ${code}, perhaps by process.exit()`));
    const service = connect<Service>(worker);
    this.running = { worker, service };
    try {
      await this.exchange('starting', () => greet(service));
    } catch (error) {
      if (isInnerloopError(error)) await this.end(error);
      throw error;
    }
    return service;
  }

  private async exchange<T>(work: string, question: () => Promise<Answer<T>>): Promise<T> {
    if (this.failure) throw this.failure;
    const { timeoutSeconds } = this.options;
    const worker = this.running?.worker as Worker;
    this.work = work;
    worker.ref();
    const givenUp = new Promise<never>((_, reject) => {
      this.giveUp = reject;
    });
    const silence = `did not answer within ${timeoutSeconds} s (run.workerTimeout)`;
    const timer = setTimeout(() => this.fail(silence), timeoutSeconds * 1000);
    try {
      const answer = await Promise.race([question(), givenUp]);
      if ('value' in answer) return answer.value;
      throw this.translate(fromFault(answer.fault));
    } finally {
      clearTimeout(timer);
      // Once it is being terminated, that is what the process waits for.
      if (!this.failure) worker.unref();
      this.giveUp = undefined;
      this.work = undefined;
    }
  }

  /** Errors that the user can act on look as they do in the main thread; of others the worker and its tasks are told. */
  private translate(error: Error): InnerloopError {
    return isInnerloopError(error) ? error : this.describe(`threw ${error.name}: ${error.message}`, error);
  }

  private fail(what: string, cause?: unknown): void {
    if (this.failure) return;
    const error = this.describe(what, cause);
    void this.end(error);
    this.options.onFailure(error);
  }

  private describe(what: string, cause?: unknown): InnerloopError {
    const { name } = this.options;
    const work = this.work === undefined ? 'with nothing to do' : `while ${this.work}`;
    return new InnerloopError(
      'WORKER_FAILED',
      `${name[0]?.toUpperCase()}${name.slice(1)} ${what}, ${work}. The last checkpoint is kept, and resume goes on from it. ` +
        'With run.workers=0 everything runs in the main thread, which makes the cause easier to find.',
      { cause },
    );
  }
}
