import {
  InvalidArgumentError,
  type JSONValue,
  type Experimental_VideoModelV4 as VideoModelV4,
  type Experimental_VideoModelV4CallOptions as VideoModelV4CallOptions,
  type Experimental_VideoModelV4OperationStatusResult as VideoModelV4OperationStatusResult,
  type Experimental_VideoModelV4Result as VideoModelV4Result,
} from "@ai-sdk/provider";
import type { FetchFunction } from "@ai-sdk/provider-utils";
import type { Created, Order, Reelay } from "@reelay/client";
import { endOf, failureOf, sentenceOf } from "./failure.js";
import { orderOf } from "./order.js";
import { checkOptions } from "./provider_options.js";
import { metadataOf, videoOf } from "./video.js";

/** A model's id: those that are known, or any other that `GET /api/models` of the worker lists. */
export type ReelayVideoModelId = NonNullable<Order["model"]> | (string & {});

/** The worker of a model. */
export interface Worker {
  connect: () => Reelay;
  /** Its address, without a slash at its end. */
  address: () => string;
  userId: string | undefined;
  fetch: FetchFunction | undefined;
}

/** How long an abort waits for the generation to be cancelled. */
const CANCEL_MS = 5_000;

/** A video model of the worker's. */
export function videoModel(modelId: string, worker: Worker): VideoModelV4 {
  return {
    specificationVersion: "v4",
    provider: "reelay.video",
    modelId,
    maxVideosPerCall: 1,
    doGenerate: (call) => generate(modelId, worker, call),
    doStart: async (call) => {
      const { warnings, userId, send, repeatable } = await prepare(modelId, worker, call);
      // Nothing that is not told apart from a first order by its id may be sent by the SDK again.
      const created = await told(send(call.abortSignal), `${worker.address()}/api/generations`, repeatable);
      const operation = { generationId: created.generationId, ...(userId !== undefined && { userId }) };
      const { generationId, status } = created;
      return {
        operation,
        warnings,
        providerMetadata: { reelay: { generationId, status } },
        response: responseOf(modelId),
      };
    },
    doStatus: (call) => statusOf(modelId, worker, call),
  };
}

/**
 * Orders a video and waits for it. Nothing that goes wrong here is said to be retryable: the SDK would order, and pay for,
 * another one. The client has repeated whatever can be repeated.
 */
async function generate(modelId: string, worker: Worker, call: VideoModelV4CallOptions): Promise<VideoModelV4Result> {
  const { abortSignal } = call;
  const { warnings, userId, headers, send } = await prepare(modelId, worker, call);
  abortSignal?.throwIfAborted();
  const address = `${worker.address()}/api/generations`;
  // The order is not aborted half-way: whether it was taken must be known, so that it can be cancelled.
  const sent = send(undefined);
  const cancel = async () => {
    const { generationId } = await sent;
    await worker.connect().cancel(generationId, { userId, headers });
  };
  try {
    const { generationId } = await unlessAborted(told(sent, address, false), abortSignal);
    const url = `${address}/${generationId}`;
    const waiting = worker.connect().wait(generationId, { userId, headers, signal: abortSignal });
    const generation = await told(waiting, url, false, generationId);
    if (generation.status !== "completed") throw endOf(generation, url);
    const videos = [await told(videoOf(generation, worker.fetch, abortSignal), url, false, generationId)];
    return { videos, warnings, providerMetadata: { reelay: metadataOf(generation) }, response: responseOf(modelId) };
  } catch (error) {
    // Nobody waits for it any more, and it costs money. One that has ended already refuses, which is as well.
    if (abortSignal?.aborted) await Promise.race([cancel().catch(() => {}), delay(CANCEL_MS)]);
    throw error;
  }
}

/** How the generation of an operation stands. */
async function statusOf(
  modelId: string,
  worker: Worker,
  call: { operation: JSONValue; abortSignal?: AbortSignal; headers?: Record<string, string | undefined> },
): Promise<VideoModelV4OperationStatusResult> {
  const { generationId, userId } = operationOf(call.operation);
  const url = `${worker.address()}/api/generations/${generationId}`;
  const { headers } = headersOf(call.headers);
  const options = { userId: userId ?? worker.userId, headers, signal: call.abortSignal };
  const generation = await told(worker.connect().get(generationId, options), url, true, generationId);
  const known = { providerMetadata: { reelay: metadataOf(generation) }, response: responseOf(modelId) };
  const { status } = generation;
  if (status === "completed") {
    const video = await told(videoOf(generation, worker.fetch, call.abortSignal), url, true, generationId);
    return { status: "completed", videos: [video], warnings: [], ...known };
  }
  const moving = status === "queued" || status === "processing";
  return moving ? { status: "pending", ...known } : { status: "error", error: sentenceOf(generation), ...known };
}

/** An order that is ready to be sent. */
async function prepare(
  modelId: string,
  worker: Worker,
  call: VideoModelV4CallOptions & { webhookUrl?: string | undefined },
) {
  const own = checkOptions(call.providerOptions.reelay);
  const { headers, idempotencyKey } = headersOf(call.headers);
  const { order, warnings } = await orderOf(modelId, call, own, worker.fetch);
  const userId = own.userId ?? worker.userId;
  const key = own.generationId === undefined ? idempotencyKey : undefined;
  const send = (signal: AbortSignal | undefined): Promise<Created> =>
    worker.connect().create(order, { userId, headers, signal, idempotencyKey: key });
  return { warnings, userId, headers, send, repeatable: (own.generationId ?? key) !== undefined };
}

/** A call's own headers, and the key that tells its order apart from others. */
function headersOf(given: Record<string, string | undefined> | undefined) {
  const headers: Record<string, string> = {};
  let idempotencyKey: string | undefined;
  for (const [name, value] of Object.entries(given ?? {})) {
    if (value === undefined) continue;
    if (name.toLowerCase() === "idempotency-key") idempotencyKey = value;
    else headers[name] = value;
  }
  return { headers, idempotencyKey };
}

function operationOf(operation: JSONValue): { generationId: string; userId: string | undefined } {
  const { generationId, userId }: { generationId?: JSONValue; userId?: JSONValue } = Object(operation);
  if (typeof generationId !== "string" || (userId !== undefined && typeof userId !== "string"))
    throw new InvalidArgumentError({ argument: "operation", message: "The operation is not one of Reelay's." });
  return { generationId, userId };
}

/** What `work` gives; its errors as the SDK knows them. */
async function told<Answer>(work: Promise<Answer>, url: string, mayRepeat: boolean, generationId?: string) {
  try {
    return await work;
  } catch (error) {
    throw failureOf(error, { url, generationId }, mayRepeat);
  }
}

/** What `work` gives, or the signal's reason as soon as it is aborted. */
function unlessAborted<Answer>(work: Promise<Answer>, signal: AbortSignal | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal?.removeEventListener("abort", abort));
  });
}

function responseOf(modelId: string) {
  return { timestamp: new Date(), modelId, headers: undefined };
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
