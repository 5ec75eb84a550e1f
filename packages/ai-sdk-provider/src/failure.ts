import { APICallError, InvalidArgumentError } from "@ai-sdk/provider";
import { type Generation, ReelayError } from "@reelay/client";
import { inWordsOfTheSdk, type OptionNames, optionNames } from "./option_names.js";

/** A failed call. */
export interface FailedCall {
  /** The requested address; it contains no secret. */
  url: string;
  /** Whether the SDK may repeat the call: never if that could order a second video. */
  repeatable: boolean;
  generationId?: string | undefined;
  /** The SDK's names of Reelay's fields in this call. */
  names?: OptionNames | undefined;
}

/** The names for calls without an order. */
const NAMES = optionNames({ providerOptions: {} } as Parameters<typeof optionNames>[0], false);

/** The SDK's error for a client's error; anything else, such as an abort's reason, is unchanged. */
export function failureOf(error: unknown, { url, repeatable, generationId, names }: FailedCall): unknown {
  if (!(error instanceof ReelayError)) return error;
  const { code, status, retryAfterMs, requestId } = error;
  const errors = error.errors.map(names ?? NAMES);
  const problems = errors.map(({ option, detail }) => `${option} ${detail}`);
  const message =
    problems.length > 0 ? `Reelay refuses this call: ${problems.join("; ")}.` : inWordsOfTheSdk(error.message);
  if (code === "invalid_option") return new InvalidArgumentError({ argument: "settings", message });
  const passing = error.retryable && (status === undefined || status === 429 || status >= 500);
  const responseHeaders: Record<string, string> = {};
  if (retryAfterMs !== undefined) responseHeaders["retry-after"] = String(Math.ceil(retryAfterMs / 1000));
  if (requestId !== undefined) responseHeaders["x-request-id"] = requestId;
  return new APICallError({
    message,
    url,
    // Without the order: errors are logged, and prompts are private.
    requestBodyValues: {},
    ...(status !== undefined && { statusCode: status }),
    responseHeaders,
    isRetryable: repeatable && passing,
    data: { code, errors, ...(generationId !== undefined && { generationId }) },
    cause: error,
  });
}

/** Why a generation has no video, in one sentence; undefined if it has one or may still get one. */
export function reasonOf(generation: Generation): string | undefined {
  switch (generation.status) {
    case "failed":
      return generation.error ?? "The video could not be rendered.";
    case "cancelled":
      return generation.error ?? "The generation was cancelled.";
    case "pending_clarification":
      return `The safety filter refused the prompt, and the generation waits for another one${
        generation.error ? `: ${generation.error}` : "."
      }`;
    case "pending_confirmation":
      return "The generation waits for confirmation.";
    case "queued":
    case "processing":
    case "completed":
      return undefined;
  }
}

/** The error of a generation without a video. It is final: a repeat would be a new order. */
export function noVideo(generation: Generation, reason: string, url: string): APICallError {
  const { generationId, status, errorCode } = generation;
  return new APICallError({
    message: reason,
    url,
    requestBodyValues: {},
    isRetryable: false,
    data: { generationId, status, ...(errorCode !== undefined && { code: errorCode }) },
  });
}
