import type { TaskDistribution } from '../contracts/environment.js';
import type { Json } from '../contracts/json.js';
import { InnerloopError, messageOf } from '../errors.js';
import type { Random } from '../numerics/random.js';
import { describeValue } from './validate.js';

/**
 * Draws tasks, and checks what a distribution returns before anything is made of it.
 *
 * @param count How many.
 * @returns `count` tasks of plain JSON: the same in every thread and after having been saved.
 * @throws InnerloopError ENVIRONMENT_INVALID if `sample()` throws or returns anything else.
 */
export function sampleTasks(
  distribution: Pick<TaskDistribution, 'sample'>,
  random: Random,
  count: number,
): readonly Json[] {
  const call = `sample(random, ${count}) of the task distribution`;
  let tasks: unknown;
  try {
    tasks = distribution.sample(random, count);
  } catch (error) {
    throw new InnerloopError('ENVIRONMENT_INVALID', `${call} threw: ${messageOf(error)}`, { cause: error });
  }
  const refuse = (expected: string, found: string) =>
    new InnerloopError(
      'ENVIRONMENT_INVALID',
      `${call}: expected ${expected}, found ${found}. Correct the task distribution.`,
    );
  const list = `a list of ${count} task${count === 1 ? '' : 's'}`;
  if (!Array.isArray(tasks)) throw refuse(list, describeValue(tasks));
  if (tasks.length !== count) throw refuse(list, `one of ${tasks.length}`);
  const fault = findFault(tasks, 'tasks', []);
  if (fault) throw refuse('tasks of plain JSON', `${describeValue(fault.value)} at ${fault.path}${fault.note}`);
  return tasks as readonly Json[];
}

/** A value that JSON cannot hold, and where it stands. */
interface Fault {
  /** For example `tasks[0].goal`. */
  readonly path: string;
  readonly value: unknown;
  readonly note: string;
}

/** The first fault in a value; `trail` holds the objects that it is inside of. */
function findFault(value: unknown, path: string, trail: readonly unknown[]): Fault | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return;
  if (typeof value !== 'object') return { path, value, note: '' };
  if (trail.includes(value)) return { path, value, note: ', which contains itself' };
  const inside = [...trail, value];
  if (Array.isArray(value)) {
    return firstOf(
      // Array.from also visits holes.
      Array.from(value as unknown[], (item, i) => () => findFault(item, `${path}[${i}]`, inside)),
    );
  }
  if (!isPlain(value)) return { path, value, note: '' };
  return firstOf(
    Object.entries(value).map(
      ([key, item]) =>
        () =>
          findFault(item, `${path}.${key}`, inside),
    ),
  );
}

function firstOf(searches: readonly (() => Fault | undefined)[]): Fault | undefined {
  for (const search of searches) {
    const fault = search();
    if (fault) return fault;
  }
  return undefined;
}

/** Whether it is `{…}` and no instance of a class, whose methods would be lost on the way to another thread. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    (prototype === null || Object.getPrototypeOf(prototype) === null) &&
    Object.keys(value).length === Reflect.ownKeys(value).length
  );
}
