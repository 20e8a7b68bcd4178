import { PassThrough } from 'node:stream';
import { createEventBus, type EventBus } from '@innerloop/core';
import { afterEach, describe, expect, it } from 'vitest';
import { ProgressLogger, type ProgressOptions } from '../src/progress/logger.js';

/** A logger on a stream and a clock of its own. */
function setUp({ terminal = false, ...options }: Partial<ProgressOptions> & { terminal?: boolean } = {}) {
  const stream = Object.assign(new PassThrough(), { isTTY: terminal, columns: 200 });
  const clock = { seconds: 0 };
  const events = createEventBus();
  const logger = new ProgressLogger(
    stream as unknown as NodeJS.WriteStream,
    { style: 'auto', interval: 1, ...options },
    () => clock.seconds * 1000,
  );
  logger.attach(events);
  const text = () => (stream.read() as Buffer | null)?.toString() ?? '';
  return { events, clock, logger, text };
}

function start(events: EventBus, iterations: number, iteration = 0): void {
  events.emit('run:start', { name: 'a', directory: null, iteration, iterations, config: null });
}

function iteration(events: EventBus, number: number, metrics: Record<string, number | boolean | null> = {}): void {
  const usual = { 'return/before': -40.25, 'return/after': -20.125, 'kl/meta': 0.0098765, accepted: true };
  events.emit('iteration:end', { iteration: number, metrics: { ...usual, ...metrics } });
}

function end(events: EventBus, number: number): void {
  events.emit('run:end', { iteration: number, reason: 'finished', detail: '' });
}

describe('progress as plain lines', () => {
  it('has iteration, returns, KL and the time left', () => {
    const { events, clock, text } = setUp();
    start(events, 100);
    clock.seconds = 2;
    iteration(events, 1);
    // 2 s an iteration, 99 to go: 198 s. −20.125 rounds to −20.13 or −20.12, as toFixed does; 0.0098765 to three digits.
    expect(text()).toBe('iteration   1/100  return -40.25 → -20.13  KL 0.00988  3 min 18 s left\n');
    clock.seconds = 60;
    iteration(events, 20, { accepted: false, 'return/after': null });
    // 60 s for 20 iterations, 80 to go: 240 s.
    expect(text()).toBe(
      'iteration  20/100  return -40.25 → not finite  KL 0.00988  4 min 0 s left  (step not taken)\n',
    );
  });

  it('shows the one return of a trainer that does not adapt', () => {
    const { events, text } = setUp();
    start(events, 10);
    events.emit('iteration:end', {
      iteration: 1,
      metrics: { 'return/mean': 21.5, 'kl/policy': 0.0123, accepted: true },
    });
    expect(text()).toMatch(/^iteration {2}1\/10 {2}return 21\.50 {2}KL 0\.0123 /);
  });

  it('counts the time of a resumed run from where it began', () => {
    const { events, clock, text } = setUp();
    start(events, 10, 8);
    clock.seconds = 5;
    iteration(events, 9);
    expect(text()).toMatch(/^iteration {2}9\/10 .* 5 s left\n$/);
  });

  it('is limited to one line in an interval, but has the first and the last', () => {
    const { events, clock, text } = setUp({ interval: 1 });
    start(events, 50);
    for (let i = 1; i <= 50; i++) {
      clock.seconds = 0.1 * i;
      iteration(events, i);
    }
    end(events, 50);
    // The first at 0.1 s, then whenever 1 s has passed: at 1.1 (11), 2.1 (21), 3.1 (31), 4.1 (41), and the last.
    const shown = [...text().matchAll(/iteration +(\d+)\/50/g)].map((match) => Number(match[1]));
    expect(shown[0]).toBe(1);
    expect(shown.at(-1)).toBe(50);
    expect(shown.length).toBeGreaterThanOrEqual(6);
    expect(shown.length).toBeLessThanOrEqual(7); // 0.1 · i is not exact in binary.
  });

  it('shows the last line of a run that ends early', () => {
    const { events, clock, text } = setUp();
    start(events, 50);
    for (const i of [1, 2, 3]) {
      clock.seconds = 0.1 * i;
      iteration(events, i);
    }
    end(events, 3);
    expect([...text().matchAll(/iteration +(\d+)/g)].map((match) => match[1])).toEqual(['1', '3']);
  });

  it('prints evaluations, checks and warnings', () => {
    const { events, text } = setUp();
    start(events, 5);
    const steps = [
      { step: 0, meanReturn: -40, ci95: 1, returns: [] },
      { step: 1, meanReturn: -12.5, ci95: 2.25, returns: [] },
    ];
    events.emit('evaluation:end', { iteration: 2, final: false, best: true, result: { steps, examples: [] } });
    events.emit('evaluation:end', { iteration: 5, final: true, best: true, result: { steps, examples: [] } });
    const verdicts = [
      { check: 'quiet', verdict: { kind: 'ok' as const } },
      { check: 'kl-limit', verdict: { kind: 'warn' as const, reason: 'too far' } },
    ];
    events.emit('check:verdict', { iteration: 3, stage: 'meta-step', judgement: { strictest: 'warn', verdicts } });
    events.emit('error', { source: "logger 'jsonl'", message: 'disk full', fatal: false });
    events.emit('error', { source: 'training', message: 'thrown as well', fatal: true });
    expect(text()).toBe(
      'validation after iteration 2: return -40.00 → -12.50 ± 2.25, the best so far\n' +
        "check 'kl-limit' at iteration 3 (meta-step): warn: too far\n" +
        "warning (logger 'jsonl'): disk full\n",
    );
  });
});

describe('progress in a terminal', () => {
  const ESC = String.fromCharCode(27);
  afterEach(() => {
    delete process.env.NO_COLOR;
  });

  it('is a bar, with lines printed above it', async () => {
    const { events, clock, logger, text } = setUp({ terminal: true });
    start(events, 4);
    clock.seconds = 3;
    iteration(events, 1);
    events.emit('error', { source: 'x', message: 'look here', fatal: false });
    const shown = text();
    expect(shown).toContain('1/4  return -40.25 → -20.13  KL 0.00988  9 s left');
    expect(shown).toContain('look here');
    // The bar is drawn again after the line.
    expect(shown.lastIndexOf('1/4')).toBeGreaterThan(shown.indexOf('look here'));
    await logger.close();
    expect(text()).toContain(`${ESC}[0J`); // The bar is cleared away.
    expect(shown).not.toContain(`${ESC}[?`); // No mode of the terminal is changed that an exit could leave behind.
  });

  it('has no colours with NO_COLOR', async () => {
    const warn = async () => {
      const { events, logger, text } = setUp({ terminal: true, style: 'lines' });
      start(events, 4);
      events.emit('error', { source: 'x', message: 'y', fatal: false });
      await logger.close();
      return text();
    };
    expect(await warn()).toBe(`${ESC}[33mwarning (x): y${ESC}[0m\n`);
    process.env.NO_COLOR = '1';
    expect(await warn()).toBe('warning (x): y\n');
  });
});
