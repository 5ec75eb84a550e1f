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

/** Records handled webhooks, so that a repeated one is not handled again. */
export interface WebhookStore<Transaction> {
  /**
   * Runs `work` once for each id, and records the id in the same transaction. Returns false if
   * `work` ran before.
   *
   * If `work` throws or rejects, the id must not be recorded. `work` is synchronous if its handler
   * is, so it can run in a transaction of a synchronous database.
   */
  once(webhookId: string, work: (transaction: Transaction) => void | Promise<void>): boolean | Promise<boolean>;
}

/** The context of an event. */
export interface WebhookContext<Transaction> {
  /** The same on every attempt of an event. */
  webhookId: string;
  /** The store's transaction; undefined without a store. */
  transaction: Transaction;
}

/** Handles an event. If it throws or rejects, Reelay sends the event again. */
export type WebhookListener<Kind, Transaction> = (
  event: Kind,
  context: WebhookContext<Transaction>,
) => void | Promise<void>;

/** The options of {@link createWebhookHandler}. */
export interface WebhookHandlerOptions<Transaction = undefined> {
  /** As in `verifyWebhook`. */
  secrets: string | string[];
  /** The greatest difference between the signed time and now, in seconds; by default 300. */
  toleranceSeconds?: number | undefined;
  /** The longest accepted body; by default 1 MiB. */
  maxBodyBytes?: number | undefined;
  /** Without a store, a repeated webhook is handled again. */
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
 * Creates a route handler for Reelay's webhooks, such as
 * `export const POST = createWebhookHandler({ … })`.
 *
 * It responds 204 if the event was handled, was handled before, or has no listener. It responds
 * without a call of a listener 401 if a header, the time or the signature is wrong, 400 if the
 * signed body is not an event, and 413 if the body is too long. It rejects if a listener or the
 * store does; the framework then responds 500, and Reelay sends the event again.
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
    // Without a store the transaction's type is `undefined`, unless the caller claims another type.
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
    // `webhook.test` and kinds of later versions need only a response.
    default:
      return undefined;
  }
}

/** The body's unchanged text; undefined if it is longer than `limit` bytes. It reads no more. */
async function readBody(request: Request, limit: number): Promise<string | undefined> {
  if (Number(request.headers.get("content-length") ?? 0) > limit) {
    await request.body?.cancel();
    return undefined;
  }
  if (request.body === null) return "";
  const reader = request.body.getReader();
  // A byte order mark is part of the signed text, so it must stay.
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
