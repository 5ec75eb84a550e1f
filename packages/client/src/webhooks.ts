/** The webhook part of `@reelay/client`: verifies webhooks and calls the app's listeners. */
export type { ErrorCode, Event, EventKind, GenerationResult, Status } from "./description.js";
export { type FieldProblem, ReelayError } from "./error.js";
export { type VerifyOptions, verifyWebhook, type WebhookHeaders } from "./signature.js";
export type {
  CancelledEvent,
  CompletedEvent,
  CompletedResult,
  FailedEvent,
  PendingClarificationEvent,
  ProgressEvent,
  StartedEvent,
  TestEvent,
  WebhookEvent,
} from "./webhook_event.js";
export {
  createWebhookHandler,
  type WebhookContext,
  type WebhookHandlerOptions,
  type WebhookListener,
  type WebhookStore,
} from "./webhook_handler.js";
