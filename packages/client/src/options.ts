import type { GenerationPage, Status, StreamedEnd, StreamedProgress, StreamedStep } from "./description.js";

/** The options of a client. */
export interface ReelayOptions {
  /** The worker's address, such as `https://reelay.example.workers.dev`. It may have a path. */
  baseUrl: string;
  /**
   * The service key, a user's JWT or `dev_<user>`, or a function that returns one. The function is
   * called before each attempt; its errors pass unchanged.
   */
  apiKey: string | (() => string | Promise<string>);
  /** The user of the calls; required with a service key. A call's own `userId` overrides it. */
  userId?: string | undefined;
  /** How often a call is retried after a temporary failure; by default 2. */
  maxRetries?: number | undefined;
  /** The timeout of one attempt in milliseconds; by default 30,000. */
  timeoutMs?: number | undefined;
  /** Replaces the platform's `fetch`. */
  fetch?: typeof fetch | undefined;
  /** Sent with each request. */
  headers?: Record<string, string> | undefined;
}

/** The options of every call. */
export interface CallOptions {
  /** The user of the call. */
  userId?: string | undefined;
  /** An abort rejects the call with the signal's reason, also between two attempts. */
  signal?: AbortSignal | undefined;
  /** Sent in addition to the client's headers, and override them. */
  headers?: Record<string, string> | undefined;
}

/** The options of `create`. */
export interface CreateOptions extends CallOptions {
  /** Sent as `Idempotency-Key`: the same order with the same key creates no second job. */
  idempotencyKey?: string | undefined;
}

/** The filters of `list`. */
export interface ListFilter {
  status?: Status | undefined;
  /** A part of the id or the prompt; upper and lower case are equal. */
  search?: string | undefined;
  /** 1 to 100. */
  limit?: number | undefined;
  /** The `nextCursor` of the previous page. */
  after?: GenerationPage["nextCursor"] | undefined;
}

/** The options of `events`. */
export interface EventsOptions extends CallOptions {
  /** The `id` of the last known step; the stream begins after it. */
  lastEventId?: string | undefined;
}

/** The options of `wait`. */
export interface WaitOptions extends CallOptions {
  /** Called with the current progress at the start and after each change. */
  onProgress?: ((progress: StreamedProgress) => void) | undefined;
  /** Milliseconds after which it rejects with the code `timeout`; by default it has no limit. */
  timeoutMs?: number | undefined;
  /** Milliseconds between two polls if live events are not available; by default 2,000. */
  pollIntervalMs?: number | undefined;
}

/** A live event of a generation. The option `lastEventId` takes a step's `id`. */
export type GenerationEvent =
  | ({ type: "step"; id: string } & StreamedStep)
  | ({ type: "progress" } & StreamedProgress)
  | ({ type: "end" } & StreamedEnd);
