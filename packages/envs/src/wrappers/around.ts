import type { Action, ActionSpace, BoxSpace, Environment, Random, Step } from '@innerloop/core';

/** An environment around another one, with the same spaces; what it changes, a subclass says. */
export abstract class AroundEnvironment implements Environment {
  readonly observationSpace: BoxSpace;
  readonly actionSpace: ActionSpace;

  constructor(protected readonly inner: Environment) {
    this.observationSpace = inner.observationSpace;
    this.actionSpace = inner.actionSpace;
  }

  reset(random: Random): ArrayLike<number> {
    return this.inner.reset(random);
  }

  abstract step(action: Action): Step;
}
