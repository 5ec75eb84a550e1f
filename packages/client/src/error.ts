/** A bad field, parameter or header of a refused request, and what it must be. */
export interface FieldProblem {
  /** A JSON pointer such as `/parameters/duration`, or the name of a parameter or header. */
  pointer: string;
  detail: string;
}

/** The optional fields of a {@link ReelayError}. */
export interface ReelayErrorDetails {
  status?: number | undefined;
  retryable?: boolean | undefined;
  retryAfterMs?: number | undefined;
  requestId?: string | undefined;
  errors?: FieldProblem[] | undefined;
  cause?: unknown;
}

/**
 * Every failure except two: the caller's abort rejects with the signal's reason, and a framework's
 * control flow passes unchanged.
 *
 * `message` is a sentence for users. No field contains a token or a prompt.
 */
export class ReelayError extends Error {
  /**
   * The error code: one of the worker's (`invalid_request`, `budget_exceeded`, …), or one of
   * `network_error`, `timeout`, `unexpected_answer`, `invalid_signature`, `stale_timestamp`,
   * `missing_header`, `malformed_event`, `invalid_secret`, `invalid_option`.
   */
  readonly code: string;
  /** The HTTP status of the response; absent if there was none. */
  declare readonly status?: number;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** The milliseconds to wait before a retry, if the worker sent `Retry-After`. */
  declare readonly retryAfterMs?: number;
  /** The id of the request in the worker's log. */
  declare readonly requestId?: string;
  /** Every bad field of a refused request; empty for other failures. */
  readonly errors: FieldProblem[];

  constructor(code: string, message: string, details: ReelayErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "ReelayError";
    this.code = code;
    this.retryable = details.retryable ?? false;
    this.errors = details.errors ?? [];
    if (details.status !== undefined) this.status = details.status;
    if (details.retryAfterMs !== undefined) this.retryAfterMs = details.retryAfterMs;
    if (details.requestId !== undefined) this.requestId = details.requestId;
  }
}
