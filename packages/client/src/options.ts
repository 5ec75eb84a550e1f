import type { GenerationPage, Status, StreamedEnd, StreamedProgress, StreamedStep } from "./description.js";

/** Where a worker is, and how it is called. */
export interface ReelayOptions {
  /** The worker's address, such as `https://reelay.example.workers.dev`; a path in it is kept. */
  baseUrl: string;
  /** The service key, a user's JWT or `dev_<user>`, or what gives one: it is asked before each attempt, and what it throws is passed on. */
  apiKey: string | (() => string | Promise<string>);
  /** The user who is acted for, which a service key must name; a call's own `userId` comes first. */
  userId?: string | undefined;
  /** How often a call is repeated after a failure that may pass; 2 if not said. */
  maxRetries?: number | undefined;
  /** Milliseconds that one attempt may take; 30,000 if not said. */
  timeoutMs?: number | undefined;
  /** Used in place of the platform's `fetch`. */
  fetch?: typeof fetch | undefined;
  /** Sent with each request. */
  headers?: Record<string, string> | undefined;
}

/** What every method takes last. */
export interface CallOptions {
  /** The user who is acted for. */
  userId?: string | undefined;
  /** Aborting it rejects the call with its reason, also while it waits for its next attempt. */
  signal?: AbortSignal | undefined;
  /** Sent besides the client's own. */
  headers?: Record<string, string> | undefined;
}

/** What `create` takes besides. */
export interface CreateOptions extends CallOptions {
  /** Sent as `Idempotency-Key`: the same order with the same key again makes no second job. */
  idempotencyKey?: string | undefined;
}

/** Which of a user's generations `list` gives. */
export interface ListFilter {
  status?: Status | undefined;
  /** Words of the id or the prompt, in letters of either case. */
  search?: string | undefined;
  /** 1 to 100. */
  limit?: number | undefined;
  /** The `nextCursor` of the page before. */
  after?: GenerationPage["nextCursor"] | undefined;
}

/** What `events` takes besides. */
export interface EventsOptions extends CallOptions {
  /** The `id` of the last step that is known already; what came after it follows. */
  lastEventId?: string | undefined;
}

/** What `wait` takes besides. */
export interface WaitOptions extends CallOptions {
  /** Called with how it stands now: first, and when that has changed. */
  onProgress?: ((progress: StreamedProgress) => void) | undefined;
  /** Milliseconds after which it rejects with the code `timeout`; if not said, it waits for as long as it takes. */
  timeoutMs?: number | undefined;
  /** Milliseconds between two looks where live events cannot be had; 2,000 if not said. */
  pollIntervalMs?: number | undefined;
}

/** One thing that has happened to a generation, as `events` tells it. `id` is what `lastEventId` takes. */
export type GenerationEvent =
  | ({ type: "step"; id: string } & StreamedStep)
  | ({ type: "progress" } & StreamedProgress)
  | ({ type: "end" } & StreamedEnd);
