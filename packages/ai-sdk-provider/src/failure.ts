import { APICallError, InvalidArgumentError } from "@ai-sdk/provider";
import { type Generation, ReelayError } from "@reelay/client";
import { inWordsOfTheSdk, type OptionNames, optionNames } from "./option_names.js";

/** What is known of a call that failed. */
export interface FailedCall {
  /** What was asked; it holds no secret. */
  url: string;
  /** Whether the SDK may make the same call again: never where that could order a second video. */
  repeatable: boolean;
  generationId?: string | undefined;
  /** How Reelay's fields are called in this call. */
  names?: OptionNames | undefined;
}

/** Where no order was made. */
const NAMES = optionNames({ providerOptions: {} } as Parameters<typeof optionNames>[0], false);

/** A client's error as the SDK knows errors; anything else, such as the reason of an abort, is left as it is. */
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
    // The order stays out of it: errors are logged, and a prompt is the user's.
    requestBodyValues: {},
    ...(status !== undefined && { statusCode: status }),
    responseHeaders,
    isRetryable: repeatable && passing,
    data: { code, errors, ...(generationId !== undefined && { generationId }) },
    cause: error,
  });
}

/** Why a generation that is not on its way any more has no video, in one sentence; undefined when it may get one. */
export function reasonOf(generation: Generation): string | undefined {
  switch (generation.status) {
    case "failed":
      return generation.error ?? "The video could not be made.";
    case "cancelled":
      return generation.error ?? "The generation was cancelled.";
    case "pending_clarification":
      return `The safety filter refused the prompt, and the generation waits for another one${
        generation.error ? `: ${generation.error}` : "."
      }`;
    case "pending_confirmation":
      return "The generation waits to be confirmed.";
    case "queued":
    case "processing":
    case "completed":
      return undefined;
  }
}

/** The error of a generation that has no video. A repeat would be a second order, so it is for the caller to make. */
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
