/** What the clock tells apart. `collect` holds `adapt`, where that can be seen. */
export type TimedPhase = 'collect' | 'adapt' | 'gradient' | 'curvature' | 'lineSearch';

interface Interval {
  /** How many spans of this phase are open. */
  open: number;
  /** When the first of them began, in milliseconds. */
  since: number;
  /** Of the intervals that are over, in milliseconds. */
  total: number;
}

/**
 * Wall-clock time by phase. Spans of one phase may overlap, as those of several shards do: what counts is the time in which at
 * least one was open.
 */
export class PhaseClock {
  private readonly intervals = new Map<TimedPhase, Interval>();

  /** @param now Milliseconds that never go back. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Forgets all that was measured. */
  reset(): void {
    this.intervals.clear();
  }

  /** Times an asynchronous call. */
  async span<T>(phase: TimedPhase, run: () => Promise<T>): Promise<T> {
    const interval = this.enter(phase);
    try {
      return await run();
    } finally {
      this.leave(interval);
    }
  }

  /** Times a synchronous call. */
  spanSync<T>(phase: TimedPhase, run: () => T): T {
    const interval = this.enter(phase);
    try {
      return run();
    } finally {
      this.leave(interval);
    }
  }

  /** Seconds of a phase so far; `undefined` if it never began. */
  seconds(phase: TimedPhase): number | undefined {
    const interval = this.intervals.get(phase);
    return interval && interval.total / 1000;
  }

  private enter(phase: TimedPhase): Interval {
    let interval = this.intervals.get(phase);
    if (!interval) {
      interval = { open: 0, since: 0, total: 0 };
      this.intervals.set(phase, interval);
    }
    if (interval.open === 0) interval.since = this.now();
    interval.open += 1;
    return interval;
  }

  private leave(interval: Interval): void {
    interval.open -= 1;
    if (interval.open === 0) interval.total += this.now() - interval.since;
  }
}
