const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** What a process that was interrupted exits with, by convention 128 + 2. */
export const INTERRUPTED_EXIT_CODE = 130;

/** Turns the first Ctrl-C into an abort signal, and the second into an exit at once. */
export class Interruption {
  private readonly controller = new AbortController();
  private readonly listener = () => this.press();

  /** @param announcement Printed at the first press. */
  constructor(private readonly announcement: string) {
    for (const signal of SIGNALS) process.on(signal, this.listener);
  }

  /** Aborted at the first press. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Gives the signals back. */
  dispose(): void {
    for (const signal of SIGNALS) process.removeListener(signal, this.listener);
  }

  private press(): void {
    if (this.signal.aborted) process.exit(INTERRUPTED_EXIT_CODE);
    process.stderr.write(`\n${this.announcement}\n`);
    this.controller.abort();
  }
}
