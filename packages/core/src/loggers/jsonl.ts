import { closeSync, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import type { EventBus, EventName, Events, Logger } from '../contracts/events.js';
import { InnerloopError, messageOf } from '../errors.js';
import { defineComponent } from '../plugins/define.js';

/**
 * Appends every event to a file, one JSON object a line: `{"event": name, "time": ISO date, "payload": {…}}`. Each
 * line is written at once, so that a killed process loses none. Numbers that are not finite become `null`.
 *
 * A relative path belongs to the run's directory, which `run:start` tells; what comes before that is kept until then.
 * Without a run directory it belongs to the working directory.
 */
export class JsonlLogger implements Logger {
  private readonly waiting: string[] = [];
  private file: number | undefined;
  private state: 'waiting' | 'open' | 'ended' = 'waiting';

  constructor(private readonly path: string) {}

  attach(events: EventBus): void {
    events.onAny((name, payload) => this.write(name, payload));
  }

  async close(): Promise<void> {
    if (this.state === 'waiting' && this.waiting.length > 0) this.open(null);
    this.state = 'ended';
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  private write(name: EventName, payload: Events[EventName]): void {
    if (this.state === 'ended') return;
    this.waiting.push(`${JSON.stringify({ event: name, time: new Date().toISOString(), payload })}\n`);
    if (this.state === 'open') this.flush();
    else if (name === 'run:start') this.open((payload as Events['run:start']).directory);
  }

  private open(directory: string | null): void {
    const path = resolve(directory ?? '.', this.path);
    this.guarded(path, () => {
      mkdirSync(dirname(path), { recursive: true });
      this.file = openSync(path, 'a+');
      // A process that was killed may have left half a line.
      const { size } = fstatSync(this.file);
      const last = Buffer.alloc(1);
      if (size > 0 && readSync(this.file, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a) this.waiting.unshift('\n');
    });
    this.state = 'open';
    this.flush();
  }

  private flush(): void {
    const file = this.file;
    if (file === undefined) return;
    const text = this.waiting.splice(0).join('');
    this.guarded(this.path, () => writeSync(file, text));
  }

  /** After the first failure nothing more is written, so that one full disk is one message. */
  private guarded(path: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.state = 'ended';
      throw new InnerloopError(
        'FILE_NOT_WRITTEN',
        `Events are no longer written to ${path}: ${messageOf(error)}. Free the disk or choose another 'file'.`,
        { cause: error },
      );
    }
  }
}

/** The component `jsonl`. */
export const jsonlComponent = defineComponent({
  kind: 'logger',
  name: 'jsonl',
  summary: 'Appends every event to a file, one JSON object a line',
  choose:
    'To feed another program, or to look up afterwards what happened and when. The file grows with every event; for ' +
    'curves it is not needed, since each run writes its metrics without any logger.',
  options: z.strictObject({
    file: z
      .string()
      .min(1)
      .default('events.jsonl')
      .describe("Where the events go; a relative path belongs to the run's directory"),
  }),
  create: ({ file }) => new JsonlLogger(file),
});
