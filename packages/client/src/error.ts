/** One field, parameter or header of a request that Reelay refused, and what it must be. */
export interface FieldProblem {
  /** A JSON pointer into the body such as `/parameters/duration`, or the name of a parameter or header. */
  pointer: string;
  detail: string;
}

/** What a {@link ReelayError} is made of besides its code and message. */
export interface ReelayErrorDetails {
  status?: number | undefined;
  retryable?: boolean | undefined;
  retryAfterMs?: number | undefined;
  requestId?: string | undefined;
  errors?: FieldProblem[] | undefined;
  cause?: unknown;
}

/**
 * Everything that goes wrong, except an abort of the caller's own, which rejects with the signal's reason, and a
 * framework's control flow, which passes unchanged.
 *
 * `message` is one sentence that a user can read. Neither it nor any other field holds a token or a prompt.
 */
export class ReelayError extends Error {
  /**
   * A word for programs: the worker's own (`invalid_request`, `budget_exceeded`, …), or one of `network_error`,
   * `timeout`, `unexpected_answer`, `invalid_signature`, `stale_timestamp`, `missing_header`, `malformed_event`,
   * `invalid_secret`, `invalid_option`.
   */
  readonly code: string;
  /** The answer's HTTP status; absent when there was no answer. */
  declare readonly status?: number;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** In how many milliseconds it may, where the worker has said so. */
  declare readonly retryAfterMs?: number;
  /** The name of the request, by which the worker's log knows it. */
  declare readonly requestId?: string;
  /** Every bad field of a refused request; empty when it is not about fields. */
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
