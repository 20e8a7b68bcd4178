import { isTerminal } from '../output/text.js';
import { Bar } from './bar.js';

/** How far an evaluation is: a bar in a terminal, one line elsewhere. */
export class EvaluationProgress {
  private bar: Bar | undefined;
  private begun = false;

  constructor(private readonly stream: NodeJS.WriteStream) {}

  /** To be called after each task. */
  readonly update = (done: number, total: number): void => {
    if (!isTerminal(this.stream)) {
      if (!this.begun) this.stream.write(`evaluating on ${total} tasks …\n`);
    } else {
      this.bar ??= new Bar(this.stream, 'tasks evaluated', total, done, {});
      this.bar.update(done, {});
    }
    this.begun = true;
    if (done >= total) this.stop();
  };

  /** Removes the bar. */
  stop(): void {
    this.bar?.stop();
    this.bar = undefined;
  }
}
