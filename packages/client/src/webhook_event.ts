import type { ErrorCode, Event, EventKind, GenerationResult, TestEventBody } from "./description.js";
import { ReelayError } from "./error.js";

/** An event of one kind: what all have in common, and what this kind always has. */
type EventOf<Kind extends EventKind, Always> = Omit<Event, "event" | keyof Always> & { event: Kind } & Always;

/** The result of an event: unlike a generation's it always has a `videoUrl`. */
export type CompletedResult = GenerationResult & { videoUrl: string };
/** The video is rendered and stored; `result.videoUrl` is a signed address, valid for seven days from the event. */
export type CompletedEvent = EventOf<"generation.completed", { status: "completed"; result: CompletedResult }>;
/** It has failed; `error` is a sentence for users, `errorCode` a word for programs. */
export type FailedEvent = EventOf<"generation.failed", { status: "failed"; error: string; errorCode: ErrorCode }>;
/** It was cancelled. */
export type CancelledEvent = EventOf<"generation.cancelled", { status: "cancelled" }>;
/** An attempt has begun. */
export type StartedEvent = EventOf<"generation.started", Record<never, never>>;
/** It has come further. */
export type ProgressEvent = EventOf<"generation.progress", Record<never, never>>;
/** The safety filter refused the prompt, and another one may be given; `error` says why. */
export type PendingClarificationEvent = EventOf<"generation.pending_clarification", Record<never, never>>;
/** An operator tests the connection. It is about no generation: accept it and do nothing. */
export type TestEvent = Omit<TestEventBody, "event"> & { event: "webhook.test" };

/**
 * What a webhook tells, discriminated by `event`.
 *
 * `sequence` grows over a generation's life: ignore an event whose sequence is not above the one that you have stored,
 * because events may come out of order.
 */
export type WebhookEvent =
  | CompletedEvent
  | FailedEvent
  | CancelledEvent
  | StartedEvent
  | ProgressEvent
  | PendingClarificationEvent
  | TestEvent;

/**
 * Reads an event from a webhook's body, whose signature was verified before.
 *
 * An event of a kind that this version does not know is given as it came. Throws a `ReelayError` with the code
 * `malformed_event` when it is no JSON object with what every event has, or lacks what its kind always has.
 */
export function readWebhookEvent(body: string): WebhookEvent {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw malformed("The webhook's body is not JSON.");
  }
  if (typeof value !== "object" || value === null) throw malformed("The webhook's body is not a JSON object.");
  const event = value as Partial<Record<string, unknown>>;
  for (const field of ["event", "generationId", "userId", "status"])
    if (typeof event[field] !== "string") throw malformed(`The webhook's event has no ${field}.`);
  if (typeof event.sequence !== "number") throw malformed("The webhook's event has no sequence.");
  if (event.event === "generation.completed" && !hasVideo(event.result))
    throw malformed("The webhook's event has no result with a video.");
  if (event.event === "generation.failed" && (typeof event.error !== "string" || typeof event.errorCode !== "string"))
    throw malformed("The webhook's event does not say why the generation failed.");
  return value as WebhookEvent;
}

function hasVideo(result: unknown): boolean {
  return typeof result === "object" && result !== null && "videoUrl" in result && typeof result.videoUrl === "string";
}

function malformed(message: string): ReelayError {
  return new ReelayError("malformed_event", message);
}
