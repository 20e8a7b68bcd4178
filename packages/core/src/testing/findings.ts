import { InnerloopError, messageOf } from '../errors.js';

/** Says what is wrong and what to change. Of several with the same topic the first is kept. */
export type Report = (topic: string, sentence: string) => void;

/** Collects what a contract check finds, so that an author sees all of it at once. */
export class Findings {
  private readonly sentences = new Map<string, string>();

  /** See {@link Report}. */
  readonly report: Report = (topic, sentence) => {
    if (!this.sentences.has(topic)) this.sentences.set(topic, sentence);
  };

  /** How many there are. */
  get count(): number {
    return this.sentences.size;
  }

  /** Runs part of a check; whatever is thrown in it is a finding. */
  attempt<T>(topic: string, what: string, run: () => T): T | undefined {
    try {
      return run();
    } catch (error) {
      this.report(topic, `${what} threw: ${messageOf(error)}`);
      return undefined;
    }
  }

  /**
   * Ends the check.
   *
   * @param subject For example `The environment`.
   * @throws InnerloopError CONTRACT_BROKEN with all sentences, if there are any.
   */
  conclude(subject: string): void {
    const { count } = this;
    if (count === 0) return;
    const list = [...this.sentences.values()].map((sentence) => `\n- ${sentence}`).join('');
    throw new InnerloopError(
      'CONTRACT_BROKEN',
      `${subject} breaks its contract in ${count} ${count === 1 ? 'point' : 'points'}:${list}`,
    );
  }
}
