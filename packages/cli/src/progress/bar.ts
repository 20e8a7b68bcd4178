import { default as cliProgress, type MultiBar, type SingleBar } from 'cli-progress';

/** One progress bar at the bottom of a terminal; lines can be printed above it. */
export class Bar {
  private readonly bars: MultiBar;
  private readonly bar: SingleBar;
  /** An abrupt exit must not leave the cursor behind the bar. */
  private readonly restore = () => this.stop();
  private stopped = false;

  /** @param format The text after the bar, with `{name}` where {@link update} puts its values. */
  constructor(
    stream: NodeJS.WriteStream,
    format: string,
    total: number,
    start: number,
    values: Record<string, string>,
  ) {
    this.bars = new cliProgress.MultiBar(
      {
        stream,
        format: `{bar} {value}/{total}  ${format}`,
        barsize: 20,
        forceRedraw: true,
        gracefulExit: false, // Signals are the command's affair.
        clearOnComplete: true,
        linewrap: true, // Cuts the bar at the edge and lets longer lines above it wrap.
      },
      cliProgress.Presets.shades_classic,
    );
    this.bar = this.bars.create(total, start, values);
    process.once('exit', this.restore);
  }

  /** Moves the bar. */
  update(done: number, values: Record<string, string>): void {
    if (!this.stopped) this.bar.update(done, values);
  }

  /** Prints a line above the bar. */
  log(line: string): void {
    this.bars.log(`${line}\n`);
    this.draw();
  }

  /** Removes the bar. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    process.removeListener('exit', this.restore);
    this.bars.stop();
  }

  private draw(): void {
    // Public in the library but not in its types; without it a line waits for the next timer.
    (this.bars as unknown as { update(): void }).update();
  }
}
