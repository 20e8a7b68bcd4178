/** What kind of mistake an error reports; documented one by one in docs/errors.md. */
export const ERROR_CODES = [
  'BACKEND_UNAVAILABLE',
  'CHECKPOINT_UNREADABLE',
  'CHECK_FAILED',
  'COMPONENT_FAILED',
  'COMPONENT_UNKNOWN',
  'CONFIG_INVALID',
  'CONFIG_UNREADABLE',
  'CONTRACT_BROKEN',
  'ENVIRONMENT_INVALID',
  'FILE_NOT_WRITTEN',
  'NUMBERS_NOT_FINITE',
  'OPTION_INVALID',
  'OUT_OF_MEMORY',
  'PLUGIN_INVALID',
  'PLUGIN_NOT_FOUND',
  'PLUGIN_VERSION',
  'RUN_EXISTS',
  'RUN_LOCKED',
  'RUN_NOT_FOUND',
  'RUN_UNREADABLE',
  'VERIFY_CASE_INVALID',
  'WORKER_FAILED',
] as const;

/** One of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/**
 * An error that the user can act on. The message says what was wrong, where, what was expected and what to do; the
 * command line prints it without a stack trace.
 */
export class InnerloopError extends Error {
  override readonly name = 'InnerloopError';

  constructor(
    /** Stable, for programs. */
    readonly code: ErrorCode,
    message: string,
    options: {
      /** The error that led to this one. */
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options);
  }
}

/** Whether a value is an {@link InnerloopError}, also one from another copy of this package. */
export function isInnerloopError(error: unknown): error is InnerloopError {
  return error instanceof Error && error.name === 'InnerloopError' && 'code' in error;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
