import {
  type Experimental_VideoModelV4,
  type Experimental_VideoModelV4CallOptions,
  type Experimental_VideoModelV4OperationStartResult,
  type Experimental_VideoModelV4OperationStatusResult,
  type Experimental_VideoModelV4Result,
  InvalidArgumentError,
  type JSONValue,
  type SharedV4Warning,
} from "@ai-sdk/provider";
import { type CallOptions, type Created, type Generation, type Order, type Reelay, ReelayError } from "@reelay/client";
import { failureOf, noVideo, reasonOf } from "./failure.js";
import { finishedVideo } from "./finished_video.js";
import { lastRequest } from "./last_request.js";
import { type PreparedOrder, prepareOrder } from "./order.js";
import { addressOf, clientOf, headersOf, type WorkerSettings } from "./worker.js";

/** A model of the worker; `GET /api/models` lists them with their parameters and prices. */
export type ReelayVideoModelId = NonNullable<Order["model"]> | (string & {});

/** The timeout of the cancellation of an unwanted generation. */
const CANCEL_TIMEOUT_MS = 10_000;

/**
 * A model of Reelay, for `experimental_generateVideo`, `experimental_startVideo` and
 * `experimental_getVideoStatus`.
 *
 * A call pays for at most one render: no error is `isRetryable` if a repeat would order again.
 */
export class ReelayVideoModel implements Experimental_VideoModelV4 {
  readonly specificationVersion = "v4";
  readonly provider = "reelay.video";
  readonly maxVideosPerCall = 1;
  readonly modelId: ReelayVideoModelId;
  readonly #settings: () => WorkerSettings;

  constructor(modelId: ReelayVideoModelId, settings: () => WorkerSettings) {
    this.modelId = modelId;
    this.#settings = settings;
  }

  /**
   * Orders a video and waits for it. An abort cancels the generation. Every error is final,
   * because Reelay may have accepted the order. Errors from Reelay are `APICallError`s; their
   * `data` has the `generationId` if it is known.
   */
  async doGenerate(options: Experimental_VideoModelV4CallOptions): Promise<Experimental_VideoModelV4Result> {
    const settings = this.#settings();
    const signal = options.abortSignal;
    signal?.throwIfAborted();
    const prepared = await prepareOrder(this.modelId, options, settings.fetch);
    const call = callOf(options, prepared.userId);
    const created = await this.#orderForGood(settings, prepared, call);
    const { generationId } = created;
    try {
      const client = clientOf(settings);
      const generation = await client.wait(generationId, call);
      const reason = reasonOf(generation);
      if (reason !== undefined) throw noVideo(generation, reason, addressOf(settings, generationId));
      const finished = await finishedVideo(client, settings, generation, call, "bytes");
      return { ...finished, warnings: warningsOf(prepared, created), response: this.#response(generation) };
    } catch (error) {
      if (signal?.aborted) await cancel(settings, generationId, call);
      throw failureOf(error, { url: addressOf(settings, generationId), repeatable: false, generationId });
    }
  }

  /**
   * Orders a video. Repeats have the same `idempotency-key` (the SDK creates it) or `generationId`
   * (yours), so they create one job. An abort does not cancel a created job.
   */
  async doStart(
    options: Experimental_VideoModelV4CallOptions & { webhookUrl?: string },
  ): Promise<Experimental_VideoModelV4OperationStartResult> {
    const settings = this.#settings();
    const prepared = await prepareOrder(this.modelId, options, settings.fetch);
    const call = callOf(options, prepared.userId);
    const named = prepared.order.generationId != null || prepared.idempotencyKey !== undefined;
    try {
      // The SDK repeats a call that has a key or an id. Otherwise only the client may retry it.
      const client = clientOf(settings, named ? { maxRetries: 0 } : {});
      const created = await create(client, prepared, call);
      const { generationId } = created;
      const userId = prepared.userId ?? settings.userId;
      return {
        operation: userId === undefined ? { generationId } : { generationId, userId },
        warnings: warningsOf(prepared, created),
        providerMetadata: { reelay: { generationId } },
        response: this.#response(),
      };
    } catch (error) {
      throw failureOf(error, { url: addressOf(settings), repeatable: named, names: prepared.names });
    }
  }

  /** The status of an operation that `doStart` returned, in any process. */
  async doStatus(options: {
    operation: JSONValue;
    abortSignal?: AbortSignal;
    headers?: Record<string, string | undefined>;
  }): Promise<Experimental_VideoModelV4OperationStatusResult> {
    const settings = this.#settings();
    const { generationId, userId } = readOperation(options.operation);
    const call = callOf(options, userId);
    try {
      const client = clientOf(settings, { maxRetries: 0 });
      const generation = await client.get(generationId, call);
      const response = this.#response(generation);
      const error = reasonOf(generation);
      if (error !== undefined) return { status: "error", error, providerMetadata: standing(generation), response };
      if (generation.status !== "completed")
        return { status: "pending", providerMetadata: standing(generation), response };
      const finished = await finishedVideo(client, settings, generation, call, "address");
      return { status: "completed", ...finished, warnings: [], response };
    } catch (error) {
      throw failureOf(error, { url: addressOf(settings, generationId), repeatable: true, generationId });
    }
  }

  /** Orders a video for a call that waits for it. Cancels it if the caller would never get it. */
  async #orderForGood(settings: WorkerSettings, prepared: PreparedOrder, call: CallOptions): Promise<Created> {
    const named = prepared.order.generationId != null || prepared.idempotencyKey !== undefined;
    const order = named ? prepared.order : { ...prepared.order, generationId: crypto.randomUUID() };
    const generationId = order.generationId ?? undefined;
    const { fetch, signal, begun, done } = lastRequest(settings.fetch, call.signal);
    try {
      const created = await create(clientOf(settings, { fetch }), { ...prepared, order }, { ...call, signal });
      if (!call.signal?.aborted) return created;
      await cancel(settings, created.generationId, call);
    } catch (error) {
      const refused = error instanceof ReelayError && error.status !== undefined && error.status < 500;
      // With a key or id of its own, the caller can repeat the order, so only an abort cancels it.
      const unwanted = call.signal?.aborted || !named;
      if (begun() && !refused && unwanted && generationId !== undefined) await cancel(settings, generationId, call);
      const { names } = prepared;
      if (!call.signal?.aborted)
        throw failureOf(error, { url: addressOf(settings), repeatable: false, generationId, names });
    } finally {
      done();
    }
    throw call.signal?.reason;
  }

  #response(generation?: Generation) {
    return { timestamp: new Date(), modelId: generation?.model ?? this.modelId, headers: undefined };
  }
}

async function create(client: Reelay, { order, idempotencyKey }: PreparedOrder, call: CallOptions): Promise<Created> {
  return client.create(order, { ...call, idempotencyKey });
}

/** The warnings: options that the provider ignored, and fields that Reelay ignored. */
function warningsOf({ warnings, names }: PreparedOrder, created: Created): SharedV4Warning[] {
  const unknown = (created.warnings ?? []).map((warning): SharedV4Warning => {
    const { option, detail } = names(warning);
    return { type: "unsupported", feature: option, details: detail };
  });
  return [...warnings, ...unknown];
}

/** Cancels an unwanted generation. Errors are ignored: it may have ended, or may not exist. */
async function cancel(settings: WorkerSettings, generationId: string, call: CallOptions): Promise<void> {
  try {
    await clientOf(settings).cancel(generationId, { ...call, signal: AbortSignal.timeout(CANCEL_TIMEOUT_MS) });
  } catch {
    // The caller gets the error that made the generation unwanted.
  }
}

function callOf(
  options: { abortSignal?: AbortSignal; headers?: Record<string, string | undefined> },
  userId: string | undefined,
): CallOptions {
  return { userId, signal: options.abortSignal, headers: headersOf(options.headers) };
}

function standing({ generationId, status, phase, progress, queuePosition = 0, errorCode }: Generation) {
  const known = { generationId, status, phase, progress, queuePosition };
  return { reelay: errorCode === undefined ? known : { ...known, errorCode } };
}

function readOperation(operation: JSONValue): { generationId: string; userId: string | undefined } {
  const { generationId, userId } = Object(operation) as Record<string, unknown>;
  if (typeof generationId !== "string" || (userId !== undefined && typeof userId !== "string"))
    throw new InvalidArgumentError({ argument: "operation", message: "The operation is not from Reelay." });
  return { generationId, userId };
}
