import { ReelayError } from "./error.js";
import { header, verifyWebhook } from "./signature.js";
import type {
  CancelledEvent,
  CompletedEvent,
  FailedEvent,
  PendingClarificationEvent,
  ProgressEvent,
  StartedEvent,
  WebhookEvent,
} from "./webhook_event.js";

/** Remembers which webhooks were handled, so that a repeat is not handled again. */
export interface WebhookStore<Transaction> {
  /**
   * Runs `work` once for each id, in one transaction with the note that it ran; false when it had run before.
   *
   * When `work` throws or rejects, nothing may be noted. It is synchronous when its handler is, and may then be run
   * within the transaction of a synchronous database.
   */
  once(webhookId: string, work: (transaction: Transaction) => void | Promise<void>): boolean | Promise<boolean>;
}

/** What a handler of events is told besides. */
export interface WebhookContext<Transaction> {
  /** Equal on every attempt of the same event. */
  webhookId: string;
  /** What the store gave; undefined without one. */
  transaction: Transaction;
}

/** Does what an event asks for. When it throws, Reelay sends the event again. */
export type WebhookListener<Kind, Transaction> = (
  event: Kind,
  context: WebhookContext<Transaction>,
) => void | Promise<void>;

/** What {@link createWebhookHandler} needs to know. */
export interface WebhookHandlerOptions<Transaction = undefined> {
  /** As `verifyWebhook` takes them. */
  secrets: string | string[];
  /** How many seconds the signed time may lie before or after now; 300 if not said. */
  toleranceSeconds?: number | undefined;
  /** The longest body that is read; 1 MiB if not said. */
  maxBodyBytes?: number | undefined;
  /** Without one a repeated webhook is handled again. */
  store?: WebhookStore<Transaction> | undefined;
  onCompleted?: WebhookListener<CompletedEvent, Transaction> | undefined;
  onFailed?: WebhookListener<FailedEvent, Transaction> | undefined;
  onCancelled?: WebhookListener<CancelledEvent, Transaction> | undefined;
  onStarted?: WebhookListener<StartedEvent, Transaction> | undefined;
  onProgress?: WebhookListener<ProgressEvent, Transaction> | undefined;
  onPendingClarification?: WebhookListener<PendingClarificationEvent, Transaction> | undefined;
}

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Makes a route's handler of Reelay's webhooks, such as `export const POST = createWebhookHandler({ … })`.
 *
 * It answers 204 when the event was handled, had been handled before or is nobody's; 401 when a header, the time or the
 * signature is wrong, 400 when what was signed is no event, 413 when the body is too long, each without a call. It
 * rejects when a handler or the store does, so that the framework answers 500 and Reelay sends the event again.
 */
export function createWebhookHandler<Transaction = undefined>(
  options: WebhookHandlerOptions<Transaction>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const body = await readBody(request, options.maxBodyBytes ?? MAX_BODY_BYTES);
    if (body === undefined) return refusal(413, "payload_too_large", "The webhook's body is too large.");
    let event: WebhookEvent;
    try {
      event = await verifyWebhook(body, request.headers, options.secrets, {
        toleranceSeconds: options.toleranceSeconds,
      });
    } catch (error) {
      if (!(error instanceof ReelayError) || error.code === "invalid_secret") throw error;
      return refusal(error.code === "malformed_event" ? 400 : 401, error.code, error.message);
    }
    await handle(event, header(request.headers, "webhook-id"), options);
    return new Response(null, { status: 204 });
  };
}

async function handle<Transaction>(
  event: WebhookEvent,
  webhookId: string,
  options: WebhookHandlerOptions<Transaction>,
): Promise<void> {
  const call = listenerCall(event, options);
  if (call === undefined) return;
  if (options.store === undefined) {
    // Without a store the transaction's type is `undefined`, unless the caller has claimed another one.
    await call({ webhookId, transaction: undefined as Transaction });
    return;
  }
  await options.store.once(webhookId, (transaction) => call({ webhookId, transaction }));
}

type ListenerCall<Transaction> = (context: WebhookContext<Transaction>) => void | Promise<void>;

function listenerCall<Transaction>(
  event: WebhookEvent,
  options: WebhookHandlerOptions<Transaction>,
): ListenerCall<Transaction> | undefined {
  const call = <Kind>(listener: WebhookListener<Kind, Transaction> | undefined, kind: Kind) =>
    listener && ((context: WebhookContext<Transaction>) => listener(kind, context));
  switch (event.event) {
    case "generation.completed":
      return call(options.onCompleted, event);
    case "generation.failed":
      return call(options.onFailed, event);
    case "generation.cancelled":
      return call(options.onCancelled, event);
    case "generation.started":
      return call(options.onStarted, event);
    case "generation.progress":
      return call(options.onProgress, event);
    case "generation.pending_clarification":
      return call(options.onPendingClarification, event);
    // A test (`webhook.test`) asks for nothing but an answer; so does what a later version sends.
    default:
      return undefined;
  }
}

/** The body's text, byte for byte; undefined when it is longer than `limit` bytes, of which no more are read. */
async function readBody(request: Request, limit: number): Promise<string | undefined> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) {
    await request.body?.cancel();
    return undefined;
  }
  if (request.body === null) return "";
  const reader = request.body.getReader();
  // A byte order mark is signed like any other character, so it must stay.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let text = "";
  for (let read = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    read += value.byteLength;
    if (read > limit) {
      await reader.cancel();
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

function refusal(status: number, code: string, detail: string): Response {
  const type = `urn:reelay:problem:${code.replaceAll("_", "-")}`;
  const title = { 400: "Malformed event", 401: "No valid signature", 413: "Payload too large" }[status];
  return new Response(JSON.stringify({ type, title, status, code, detail }), {
    status,
    headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store" },
  });
}
