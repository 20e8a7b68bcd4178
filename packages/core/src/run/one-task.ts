import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../contracts/json.js';

/** Whether an evaluation measured one and the same task many times, as on a problem that has no other. */
export function isOneTask(tasks: readonly Json[]): boolean {
  return tasks.length > 1 && tasks.every((task) => isDeepStrictEqual(task, tasks[0]));
}
