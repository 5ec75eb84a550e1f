import { APICallError } from "@ai-sdk/provider";
import { type Generation, ReelayError } from "@reelay/client";

/** What an error is about. */
export interface Subject {
  /** The worker's address and the route, without a query. */
  url: string;
  generationId?: string | undefined;
}

/**
 * An error of the client's as the SDK knows them; anything else, such as an abort's reason, as it is.
 *
 * `mayRepeat`: whether the SDK may make the same call again. The order is not told, because it holds the prompt.
 */
export function failureOf(error: unknown, { url, generationId }: Subject, mayRepeat: boolean): unknown {
  if (!(error instanceof ReelayError)) return error;
  const { code, status, retryAfterMs, requestId, errors } = error;
  const responseHeaders: Record<string, string> = {};
  if (retryAfterMs !== undefined) responseHeaders["retry-after"] = String(Math.ceil(retryAfterMs / 1000));
  if (requestId !== undefined) responseHeaders["x-request-id"] = requestId;
  return new APICallError({
    message: error.message,
    url,
    requestBodyValues: {},
    ...(status !== undefined && { statusCode: status }),
    responseHeaders,
    cause: error,
    isRetryable: mayRepeat && error.retryable,
    data: { code, errors, ...(generationId !== undefined && { generationId }) },
  });
}

/** Why a generation that has not completed will not do so by itself, in one sentence that a user can read. */
export function sentenceOf({ status, error }: Generation): string {
  if (status === "cancelled") return "The generation was cancelled.";
  if (status === "pending_confirmation") return "The generation waits to be confirmed.";
  const why = error ?? "The video service gave no reason.";
  if (status === "pending_clarification") return `The generation waits for another prompt: ${why}`;
  return why;
}

/** A generation that has ended without a video, or waits for somebody, as an error that is never repeated. */
export function endOf(generation: Generation, url: string): APICallError {
  const { generationId, status, errorCode } = generation;
  return new APICallError({
    message: sentenceOf(generation),
    url,
    requestBodyValues: {},
    isRetryable: false,
    data: { code: errorCode ?? status, status, generationId },
  });
}
