import {
  InnerloopError,
  isInnerloopError,
  type Json,
  type LearnedWrapping,
  messageOf,
  type Wrapper,
} from '@innerloop/core';

/** What the wrappers of an experiment learn, as one: they learn while a batch is collected, and stay as they are at all other times. */
export class LearnedWrappers {
  private readonly parts: readonly LearnedWrapping[];

  constructor(wrappers: readonly Pick<Wrapper, 'learned'>[]) {
    this.parts = wrappers.flatMap(({ learned }) => learned ?? []);
  }

  /** Lets them learn from what `collect` shows them; it takes effect afterwards. */
  async learn<T>(collect: () => Promise<T>): Promise<T> {
    for (const part of this.parts) part.begin();
    try {
      return await collect();
    } finally {
      for (const part of this.parts) part.end();
    }
  }

  /** Runs `act` with them as in a saved state, then puts them back. */
  async as<T>(state: readonly Json[], act: () => Promise<T>): Promise<T> {
    const now = this.state();
    try {
      this.restore(state);
      return await act();
    } finally {
      this.restore(now);
    }
  }

  /** One for each wrapper that learns, in the order of the config. */
  state(): readonly Json[] {
    return this.parts.map((part) => part.state());
  }

  /** @throws InnerloopError CHECKPOINT_UNREADABLE if there is not one state for each, or a wrapper does not take the one that is its own. */
  restore(state: readonly Json[]): void {
    if (state.length !== this.parts.length) {
      throw new InnerloopError(
        'CHECKPOINT_UNREADABLE',
        `The checkpoint holds what ${state.length} wrappers learned, but this experiment has ${this.parts.length} that learn. ` +
          'Use the wrappers that it was made with.',
      );
    }
    this.parts.forEach((part, index) => {
      try {
        part.restore(state[index] as Json);
      } catch (error) {
        if (isInnerloopError(error)) throw error;
        throw new InnerloopError(
          'CHECKPOINT_UNREADABLE',
          `What wrapper ${index + 1} of those that learn had learned cannot be restored: ${messageOf(error)}. ` +
            'Use the wrappers that the checkpoint was made with.',
          { cause: error },
        );
      }
    });
  }
}
