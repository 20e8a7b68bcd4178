import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEventBus, type EventBus, type Events, guardLogger, JsonlLogger } from '@innerloop/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'innerloop-jsonl-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const START = { name: 'x', iteration: 0, iterations: 2, config: {} };

function lines(file: string): { event: string; time: string; payload: Record<string, unknown> }[] {
  const text = readFileSync(file, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function collectErrors(bus: EventBus): Events['error'][] {
  const errors: Events['error'][] = [];
  bus.on('error', (error) => errors.push(error));
  return errors;
}

describe('the jsonl logger', () => {
  test('writes every event into the run directory, also those before it was known', async () => {
    const bus = createEventBus();
    const logger = new JsonlLogger('logs/events.jsonl');
    logger.attach(bus);
    bus.emit('error', { source: 'early', message: 'm', fatal: false });
    bus.emit('run:start', { ...START, directory });
    bus.emit('iteration:end', { iteration: 1, metrics: { 'kl/meta': 0.5, accepted: true } });
    await logger.close();
    bus.emit('iteration:start', { iteration: 2 });
    const written = lines(join(directory, 'logs/events.jsonl'));
    expect(written.map(({ event }) => event)).toEqual(['error', 'run:start', 'iteration:end']);
    expect(written[2]?.payload).toEqual({ iteration: 1, metrics: { 'kl/meta': 0.5, accepted: true } });
    expect(new Date(written[0]?.time as string).toISOString()).toBe(written[0]?.time);
  });

  test('each line is in the file at once, so a killed process loses none', () => {
    const bus = createEventBus();
    new JsonlLogger('e.jsonl').attach(bus);
    bus.emit('run:start', { ...START, directory });
    bus.emit('iteration:start', { iteration: 1 });
    expect(lines(join(directory, 'e.jsonl'))).toHaveLength(2);
  });

  test('appends to what is there, and begins a new line after half a line', async () => {
    const file = join(directory, 'e.jsonl');
    writeFileSync(file, '{"event":"old"}\n{"half');
    const bus = createEventBus();
    const logger = new JsonlLogger('e.jsonl');
    logger.attach(bus);
    bus.emit('run:start', { ...START, directory });
    await logger.close();
    const [old, half, own] = readFileSync(file, 'utf8').split('\n');
    expect([old, half]).toEqual(['{"event":"old"}', '{"half']);
    expect(JSON.parse(own as string)).toMatchObject({ event: 'run:start' });
  });

  test('without a run directory a relative path belongs to the working directory; an absolute one stays', async () => {
    const file = join(directory, 'absolute.jsonl');
    const bus = createEventBus();
    const logger = new JsonlLogger(file);
    logger.attach(bus);
    bus.emit('run:start', { ...START, directory: null });
    await logger.close();
    expect(lines(file)).toHaveLength(1);

    const before = process.cwd();
    const relative = new JsonlLogger('here.jsonl');
    const other = createEventBus();
    relative.attach(other);
    other.emit('iteration:start', { iteration: 1 });
    // Workers have no chdir; the path is resolved against what process.cwd() says.
    const original = process.cwd;
    process.cwd = () => directory;
    try {
      await relative.close();
    } finally {
      process.cwd = original;
    }
    expect(process.cwd()).toBe(before);
    expect(lines(join(directory, 'here.jsonl'))).toHaveLength(1);
  });

  test('a file that cannot be written is one error event that names it, and nothing breaks', async () => {
    const blocker = join(directory, 'file');
    writeFileSync(blocker, 'kept');
    const bus = createEventBus();
    const errors = collectErrors(bus);
    const logger = guardLogger(new JsonlLogger('file/e.jsonl'), "logger 'jsonl' of @innerloop/core", bus);
    logger.attach(bus);
    bus.emit('run:start', { ...START, directory });
    bus.emit('iteration:start', { iteration: 1 });
    await logger.close();
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ source: "logger 'jsonl' of @innerloop/core", fatal: false });
    expect(errors[0]?.message).toContain(join(directory, 'file/e.jsonl'));
    expect(readFileSync(blocker, 'utf8')).toBe('kept');
  });

  test('a logger that was never told anything makes no file', async () => {
    const file = join(directory, 'none.jsonl');
    await new JsonlLogger(file).close();
    expect(existsSync(file)).toBe(false);
  });
});

describe('guarded loggers', () => {
  test('what attach and close throw becomes an error event; close does its work once', async () => {
    const bus = createEventBus();
    const errors = collectErrors(bus);
    let closes = 0;
    const logger = guardLogger(
      {
        attach: (events) => {
          events.on('iteration:start', () => {
            throw new Error('in a listener');
          });
          throw new Error('in attach');
        },
        close: async () => {
          closes += 1;
          throw new Error('in close');
        },
      },
      "logger 'bad' of a-plugin",
      bus,
    );
    logger.attach(bus);
    bus.emit('iteration:start', { iteration: 1 });
    await Promise.all([logger.close(), logger.close()]);
    expect(closes).toBe(1);
    expect(errors.map(({ source, message }) => [source, message])).toEqual([
      ["logger 'bad' of a-plugin", 'in attach'],
      ["logger 'bad' of a-plugin", 'in a listener'],
      ["logger 'bad' of a-plugin", 'in close'],
    ]);
  });
});
