import type { EventBus, Logger } from '../contracts/events.js';
import { messageOf } from '../errors.js';
import { ownedBus } from '../events/bus.js';

/**
 * A logger that cannot disturb a run: whatever it throws is announced as an `error` event under `owner`. `close` does
 * its work once.
 */
export function guardLogger(logger: Logger, owner: string, events: EventBus): Logger {
  const report = (error: unknown) => events.emit('error', { source: owner, message: messageOf(error), fatal: false });
  let closed: Promise<void> | undefined;
  return {
    attach(bus) {
      try {
        logger.attach(ownedBus(bus, owner));
      } catch (error) {
        report(error);
      }
    },
    close() {
      closed ??= Promise.resolve()
        .then(() => logger.close())
        .catch(report);
      return closed;
    },
  };
}
