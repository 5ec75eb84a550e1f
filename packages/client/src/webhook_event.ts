import type { ErrorCode, Event, EventKind, GenerationResult, TestEventBody } from "./description.js";
import { ReelayError } from "./error.js";

/** An event of one kind: the common fields, and the fields that this kind always has. */
type EventOf<Kind extends EventKind, Always> = Omit<Event, "event" | keyof Always> & { event: Kind } & Always;

/** The result in an event. Unlike a generation's, it always has a `videoUrl`. */
export type CompletedResult = GenerationResult & { videoUrl: string };
/** The video is stored; `result.videoUrl` is a signed address, valid for seven days. */
export type CompletedEvent = EventOf<"generation.completed", { status: "completed"; result: CompletedResult }>;
/** The generation failed; `error` is a sentence for users, `errorCode` a code for programs. */
export type FailedEvent = EventOf<"generation.failed", { status: "failed"; error: string; errorCode: ErrorCode }>;
/** The generation was cancelled. */
export type CancelledEvent = EventOf<"generation.cancelled", { status: "cancelled" }>;
/** An attempt has started. */
export type StartedEvent = EventOf<"generation.started", Record<never, never>>;
/** The progress changed. */
export type ProgressEvent = EventOf<"generation.progress", Record<never, never>>;
/** The safety filter refused the prompt, and the generation needs another; `error` says why. */
export type PendingClarificationEvent = EventOf<"generation.pending_clarification", Record<never, never>>;
/** A test by an operator, without a generation: accept it and do nothing. */
export type TestEvent = Omit<TestEventBody, "event"> & { event: "webhook.test" };

/**
 * The event of a webhook, discriminated by `event`.
 *
 * Events may arrive out of order. `sequence` increases over a generation's life: ignore an event
 * whose `sequence` is not greater than the one that you have stored.
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
 * Reads the event of a webhook whose signature was verified.
 *
 * An event of an unknown kind is returned unchanged. Throws a `ReelayError` with the code
 * `malformed_event` if the body is not a JSON object, or lacks a required field.
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
