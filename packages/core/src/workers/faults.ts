import { ERROR_CODES, type ErrorCode, InnerloopError, isInnerloopError, messageOf } from '../errors.js';

/** An error as plain data, since a thread boundary keeps neither classes nor codes. */
export interface Fault {
  /** Of an {@link InnerloopError}. */
  readonly code?: ErrorCode;
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: Fault;
}

/** What a worker answers: a value, or what was thrown. */
export type Answer<T> = { readonly value: T } | { readonly fault: Fault };

/** How many causes of causes are kept: enough for any real error, and an end for one that is its own cause. */
const DEPTH = 8;

/** An error, and those that led to it, as plain data. */
export function toFault(error: unknown, depth = DEPTH): Fault {
  if (!(error instanceof Error)) return { name: 'Error', message: messageOf(error) };
  const { name, message, stack, cause } = error;
  return {
    name,
    message,
    ...(isInnerloopError(error) && { code: error.code }),
    ...(stack !== undefined && { stack }),
    ...(cause !== undefined && depth > 0 && { cause: toFault(cause, depth - 1) }),
  };
}

/** The error again: an {@link InnerloopError} of the same code and message, or a plain `Error` of the same name. */
export function fromFault(fault: Fault): Error {
  const { code, name, message, stack, cause } = fault;
  const options = cause ? { cause: fromFault(cause) } : {};
  const known = code !== undefined && ERROR_CODES.includes(code);
  const error = known
    ? new InnerloopError(code, message, options)
    : Object.assign(new Error(message, options), { name });
  if (stack !== undefined) error.stack = stack;
  return error;
}
