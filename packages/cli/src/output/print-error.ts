import { isInnerloopError, messageOf } from '@innerloop/core';
import { paint } from './text.js';

/**
 * Prints what went wrong to standard error.
 *
 * @param stack Whether to print the stack trace too, and those of the causes.
 */
export function printError(error: unknown, stack: boolean): void {
  const known = isInnerloopError(error);
  const advice =
    known || stack
      ? ''
      : '\nThis is a defect of Innerloop or of a plugin; run again with --stack to see where it comes from.';
  process.stderr.write(`${paint(process.stderr, 'red', 'error:')} ${messageOf(error)}${advice}\n`);
  if (!stack) return;
  for (let cause = error; cause instanceof Error; cause = cause.cause) process.stderr.write(`${cause.stack}\n`);
}
