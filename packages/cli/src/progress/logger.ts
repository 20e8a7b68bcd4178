import type { EventBus, Events, Logger, Metrics } from '@innerloop/core';
import { formatDuration, formatReturn, formatSmall, isTerminal, paint } from '../output/text.js';
import { Bar } from './bar.js';

/** Options of {@link ProgressLogger}. */
export interface ProgressOptions {
  /** `auto` is a bar in a terminal and lines elsewhere. */
  readonly style: 'auto' | 'bar' | 'lines';
  /** Least time between plain lines, in seconds. */
  readonly interval: number;
}

const FORMAT = 'return {returns}  KL {kl}  {left}';

/**
 * Shows iteration, return (before → after adaptation), KL of the step and the time left; evaluations on validation tasks,
 * what checks said and warnings as lines of their own.
 */
export class ProgressLogger implements Logger {
  private bar: Bar | undefined;
  private total = 0;
  private begun = 0;
  private first = 0;
  private printed = Number.NEGATIVE_INFINITY;
  private waiting: string | undefined;

  /** @param now The time in milliseconds. */
  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly options: ProgressOptions,
    private readonly now: () => number = () => performance.now(),
  ) {}

  attach(events: EventBus): void {
    events.on('run:start', (event) => this.start(event));
    events.on('iteration:end', (event) => this.iteration(event));
    events.on('evaluation:end', (event) => this.evaluation(event));
    events.on('check:verdict', (event) => this.verdict(event));
    events.on('error', ({ source, message, fatal }) => {
      // A fatal one is also thrown, and printed by whoever catches it.
      if (!fatal) this.line(paint(this.stream, 'yellow', `warning (${source}): ${message}`));
    });
    events.on('run:end', () => this.end());
  }

  async close(): Promise<void> {
    this.end();
  }

  private start({ iteration, iterations }: Events['run:start']): void {
    this.first = iteration;
    this.total = iterations;
    this.begun = this.now();
    const { style } = this.options;
    if (iteration >= iterations || !(style === 'bar' || (style === 'auto' && isTerminal(this.stream)))) return;
    this.bar = new Bar(this.stream, FORMAT, iterations, iteration, { returns: '…', kl: '…', left: '' });
  }

  private iteration({ iteration, metrics }: Events['iteration:end']): void {
    const last = iteration >= this.total;
    const perIteration = (this.now() - this.begun) / 1000 / (iteration - this.first);
    const left = last ? 'done' : `${formatDuration(perIteration * (this.total - iteration))} left`;
    if (this.bar) {
      this.bar.update(iteration, { returns: returnsText(metrics), kl: klText(metrics), left });
      // The final evaluation may show a bar of its own.
      if (last) this.stopBar();
      return;
    }
    const width = String(this.total).length;
    const kept = metrics.accepted === false ? '  (step not taken)' : '';
    const text =
      `iteration ${String(iteration).padStart(width)}/${this.total}  return ${returnsText(metrics)}  ` +
      `KL ${klText(metrics)}  ${left}${kept}`;
    if (iteration > this.first + 1 && !last && this.now() - this.printed < this.options.interval * 1000) {
      this.waiting = text;
      return;
    }
    this.waiting = undefined;
    this.printed = this.now();
    this.line(text);
  }

  private evaluation({ iteration, final, best, result }: Events['evaluation:end']): void {
    if (final) return; // The command prints a table.
    const steps = result.steps.map(({ meanReturn }) => formatReturn(meanReturn)).join(' → ');
    const interval = formatReturn(result.steps.at(-1)?.ci95 ?? Number.NaN);
    this.line(
      `validation after iteration ${iteration}: return ${steps} ± ${interval}${best ? ', the best so far' : ''}`,
    );
  }

  private verdict({ iteration, stage, judgement }: Events['check:verdict']): void {
    for (const { check, verdict } of judgement.verdicts) {
      if (verdict.kind === 'ok') continue;
      const text = `check '${check}' at iteration ${iteration} (${stage}): ${verdict.kind}: ${verdict.reason}`;
      this.line(paint(this.stream, 'yellow', text));
    }
  }

  private end(): void {
    if (this.waiting !== undefined) this.line(this.waiting);
    this.waiting = undefined;
    this.stopBar();
  }

  private stopBar(): void {
    this.bar?.stop();
    this.bar = undefined;
  }

  private line(text: string): void {
    if (this.bar) this.bar.log(text);
    else this.stream.write(`${text}\n`);
  }
}

/** The return of a trainer that does not adapt, or before and after adaptation. */
function returnsText(metrics: Metrics): string {
  if ('return/mean' in metrics) return figure(metrics['return/mean'], formatReturn);
  return `${figure(metrics['return/before'], formatReturn)} → ${figure(metrics['return/after'], formatReturn)}`;
}

function klText(metrics: Metrics): string {
  return figure('kl/policy' in metrics ? metrics['kl/policy'] : metrics['kl/meta'], formatSmall);
}

function figure(value: Metrics[string] | undefined, format: (value: number) => string): string {
  return typeof value === 'number' ? format(value) : 'not finite';
}
