import { createEventBus, type EventName, type Events } from '@innerloop/core';
import { describe, expect, test } from 'vitest';

describe('the event bus', () => {
  test('calls listeners in the order of registration, and no more once they are stopped', () => {
    const bus = createEventBus();
    const heard: string[] = [];
    const stop = bus.on('iteration:start', ({ iteration }) => heard.push(`a${iteration}`));
    bus.on('iteration:start', ({ iteration }) => heard.push(`b${iteration}`));
    bus.emit('iteration:start', { iteration: 1 });
    stop();
    bus.emit('iteration:start', { iteration: 2 });
    expect(heard).toEqual(['a1', 'b1', 'b2']);
  });

  test('tells a listener of everything the name and the payload', () => {
    const bus = createEventBus();
    const heard: [EventName, Events[EventName]][] = [];
    const stop = bus.onAny((name, payload) => heard.push([name, payload]));
    bus.emit('iteration:start', { iteration: 4 });
    bus.emit('checkpoint:saved', { iteration: 4, file: 'x', best: true });
    stop();
    bus.emit('iteration:start', { iteration: 5 });
    expect(heard).toEqual([
      ['iteration:start', { iteration: 4 }],
      ['checkpoint:saved', { iteration: 4, file: 'x', best: true }],
    ]);
  });

  test('reports a listener that throws under its owner, and calls the others', () => {
    const bus = createEventBus();
    const errors: Events['error'][] = [];
    let heard = 0;
    bus.on('error', (error) => errors.push(error));
    bus.on(
      'iteration:start',
      () => {
        throw new Error('disk full');
      },
      "logger 'x' of some-plugin",
    );
    bus.onAny(() => {
      throw new Error('no owner');
    });
    bus.on('iteration:start', () => {
      heard += 1;
    });
    bus.emit('iteration:start', { iteration: 1 });
    expect(heard).toBe(1);
    expect(errors).toEqual([
      { source: "logger 'x' of some-plugin", message: 'disk full', fatal: false },
      { source: 'a listener of every event', message: 'no owner', fatal: false },
    ]);
  });

  test('reports a listener whose promise rejects', async () => {
    const bus = createEventBus();
    const errors: Events['error'][] = [];
    bus.on('error', (error) => errors.push(error));
    bus.on('iteration:start', async () => Promise.reject(new Error('later')), 'the owner');
    bus.emit('iteration:start', { iteration: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toEqual([{ source: 'the owner', message: 'later', fatal: false }]);
  });

  test('an error listener that throws is reported once to the others and does not recurse', () => {
    const bus = createEventBus();
    const errors: string[] = [];
    let calls = 0;
    bus.on(
      'error',
      () => {
        calls += 1;
        throw new Error('broken too');
      },
      'bad',
    );
    bus.on('error', ({ source, message }) => errors.push(`${source}: ${message}`));
    bus.emit('error', { source: 'x', message: 'first', fatal: true });
    // The bad one hears 'first', throws, hears the report of that, throws again, and that is dropped.
    expect(calls).toBe(2);
    expect(errors).toEqual(['bad: broken too', 'x: first']);
  });

  test('a listener cannot change the payload, neither for training nor for other listeners', () => {
    const bus = createEventBus();
    const errors: string[] = [];
    let seen: number[] = [];
    bus.on('error', ({ message }) => errors.push(message));
    bus.on('adaptation:end', (payload) => {
      payload.kl[0] = 99;
    });
    bus.on('adaptation:end', ({ kl }) => {
      seen = [...kl];
    });
    const payload = { iteration: 1, kl: [0.5], returnBefore: [1], returnAfter: [2] };
    bus.emit('adaptation:end', payload);
    expect(seen).toEqual([0.5]);
    expect(errors).toHaveLength(1);
    payload.kl[0] = 0.25;
    expect(payload.kl).toEqual([0.25]);
  });
});
