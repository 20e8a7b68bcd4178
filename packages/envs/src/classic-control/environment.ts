import { type Action, type Environment, InnerloopError, type Random, type Spaces, type Step } from '@innerloop/core';

/** What a step comes to besides the next state. */
export interface ControlOutcome {
  reward: number;
  terminated: boolean;
}

/**
 * The mechanics of a control problem: pure functions of a state, a vector of float64 numbers. All of them write into what the
 * caller owns, so that a step allocates nothing.
 */
export interface ControlDynamics extends Spaces {
  /** The length of a state. */
  readonly stateSize: number;
  /** Draws a start state, `[stateSize]`. */
  start(random: Random, state: Float64Array): void;
  /** What is seen of a state, `[obsDim]`. */
  observe(state: Float64Array, observation: Float64Array): void;
  /**
   * One step: `state` becomes the next one.
   *
   * @param action The choice of a discrete space, or the only component of a box.
   */
  advance(state: Float64Array, action: number, outcome: ControlOutcome): void;
}

/**
 * An environment of one-dimensional actions with a time limit as Gymnasium's `TimeLimit`: `truncated` from the step that reaches it, also
 * if that step terminates. A step allocates nothing but the object that it returns.
 */
export class ControlEnvironment implements Environment {
  readonly observationSpace: Spaces['observationSpace'];
  readonly actionSpace: Spaces['actionSpace'];
  private readonly current: Float64Array;
  private readonly observation: Float64Array;
  private readonly outcome: ControlOutcome = { reward: 0, terminated: false };
  private taken = 0;

  constructor(
    private readonly dynamics: ControlDynamics,
    /** Steps after which an episode is truncated. */
    readonly timeLimit: number,
  ) {
    this.observationSpace = dynamics.observationSpace;
    this.actionSpace = dynamics.actionSpace;
    this.current = new Float64Array(dynamics.stateSize);
    this.observation = new Float64Array(dynamics.observationSpace.low.length);
  }

  /** A copy of the state, `[stateSize]`, in float64. */
  get state(): Float64Array {
    return this.current.slice();
  }

  reset(random: Random): ArrayLike<number> {
    this.dynamics.start(random, this.current);
    return this.begin();
  }

  /**
   * Starts an episode in a given state and returns its first observation.
   *
   * @param state `[stateSize]`.
   * @throws RangeError if it has another length.
   */
  restart(state: ArrayLike<number>): ArrayLike<number> {
    if (state.length !== this.current.length) {
      throw new RangeError(`restart(): expected a state of ${this.current.length} numbers, found ${state.length}`);
    }
    this.current.set(state);
    return this.begin();
  }

  /** @throws InnerloopError ENVIRONMENT_INVALID if the action is not of the action space; outside a box's bounds it is clipped. */
  step(action: Action): Step {
    const { dynamics, current, observation, outcome } = this;
    dynamics.advance(current, this.scalarOf(action), outcome);
    dynamics.observe(current, observation);
    this.taken += 1;
    return {
      observation,
      reward: outcome.reward,
      terminated: outcome.terminated,
      truncated: this.taken >= this.timeLimit,
    };
  }

  private begin(): ArrayLike<number> {
    this.taken = 0;
    this.dynamics.observe(this.current, this.observation);
    return this.observation;
  }

  private scalarOf(action: Action): number {
    const { actionSpace } = this;
    if (actionSpace.kind === 'discrete') {
      if (Number.isInteger(action) && (action as number) >= 0 && (action as number) < actionSpace.count) {
        return action as number;
      }
      throw wrongAction(`an integer from 0 to ${actionSpace.count - 1}`, action);
    }
    if (typeof action !== 'number' && action.length === 1 && Number.isFinite(action[0])) return action[0] as number;
    throw wrongAction('a Float32Array with one finite number', action);
  }
}

function wrongAction(expected: string, action: Action): InnerloopError {
  const found = typeof action === 'number' ? String(action) : `[${Array.from(action).join(', ')}]`;
  return new InnerloopError('ENVIRONMENT_INVALID', `step(action): expected ${expected}, found ${found}.`);
}
