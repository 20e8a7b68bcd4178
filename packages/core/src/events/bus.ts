import mittModule, { type Emitter, type EventHandlerMap } from 'mitt';
import type { EventBus, EventName, Events } from '../contracts/events.js';
import { messageOf } from '../errors.js';

// mitt's types describe its CommonJS build, under which the default import is not callable.
const mitt = mittModule as unknown as (all?: EventHandlerMap<Events>) => Emitter<Events>;

/**
 * Makes an event bus.
 *
 * Listeners receive a frozen copy of the payload, so none can change training or what another sees. A listener that
 * throws, or whose promise rejects, is reported as an `error` event; what an `error` listener throws during such a
 * report is dropped.
 */
export function createEventBus(): EventBus {
  const emitter = mitt();
  let reporting = false;

  const report = (source: string, error: unknown): void => {
    if (reporting) return;
    reporting = true;
    try {
      bus.emit('error', { source, message: messageOf(error), fatal: false });
    } finally {
      reporting = false;
    }
  };

  const guard = (owner: string, call: () => unknown): void => {
    try {
      const result = call();
      if (isThenable(result)) result.then(undefined, (error: unknown) => report(owner, error));
    } catch (error) {
      report(owner, error);
    }
  };

  const bus: EventBus = {
    on(name, listener, owner = `a listener of '${name}'`) {
      const guarded = (payload: Events[typeof name]) => guard(owner, () => listener(payload));
      emitter.on(name, guarded);
      return () => emitter.off(name, guarded);
    },
    onAny(listener, owner = 'a listener of every event') {
      const guarded = (name: EventName, payload: Events[EventName]) => guard(owner, () => listener(name, payload));
      emitter.on('*', guarded);
      return () => emitter.off('*', guarded);
    },
    emit(name, payload) {
      if (emitter.all.get(name)?.length || emitter.all.get('*')?.length) {
        emitter.emit(name, freeze(structuredClone(payload)));
      }
    },
  };
  return bus;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const inner of Object.values(value)) freeze(inner);
    Object.freeze(value);
  }
  return value;
}

/** The same bus, where every listener belongs to `owner` unless it says otherwise. */
export function ownedBus(events: EventBus, owner: string): EventBus {
  return {
    on: (name, listener, own = owner) => events.on(name, listener, own),
    onAny: (listener, own = owner) => events.onAny(listener, own),
    emit: (name, payload) => events.emit(name, payload),
  };
}
