import { type Connection, headersOf } from "./connection.js";
import { isControlFlow } from "./control_flow.js";
import { type FieldProblem, ReelayError } from "./error.js";
import { noStore } from "./no_store.js";
import type { CallOptions } from "./options.js";
import { retryAfterOf } from "./retry.js";

/** A request to the worker. */
export interface Call {
  method: "GET" | "POST";
  /** Relative to the worker's address, with the query. */
  path: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
}

/**
 * Makes one attempt at a call within `timeoutMs`; `read` reads a successful response.
 *
 * Rejects with a `ReelayError` (`network_error`, `timeout`, or the worker's own code), with the
 * reason of the caller's signal, or with the control flow that a framework's `fetch` throws.
 */
export async function attempt<Answer>(
  connection: Connection,
  call: Call,
  options: CallOptions,
  read: (response: Response) => Promise<Answer>,
): Promise<Answer> {
  options.signal?.throwIfAborted();
  const watch = watchdog(connection.timeoutMs, options.signal);
  try {
    // An error of the caller's token function passes unchanged.
    const headers = await Promise.race([headersOf(connection, headersOfCall(call), options), watch.fired]);
    return await exchange(connection, call, headers, watch, options, read);
  } finally {
    watch.stop();
  }
}

/** Sends the request and reads the response. */
async function exchange<Answer>(
  connection: Connection,
  call: Call,
  headers: Headers,
  watch: Pick<ReturnType<typeof watchdog>, "signal" | "fired">,
  options: CallOptions,
  read: (response: Response) => Promise<Answer>,
): Promise<Answer> {
  const init: RequestInit = { method: call.method, headers, ...noStore() };
  if (call.body !== undefined) init.body = JSON.stringify(call.body);
  try {
    options.signal?.throwIfAborted();
    const answer = (async () => {
      const response = await connection.fetch(`${connection.base}${call.path}`, { ...init, signal: watch.signal });
      if (!response.ok) throw await problemOf(response);
      return await read(response);
    })();
    return await Promise.race([answer, watch.fired]);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof ReelayError || isControlFlow(error)) throw error;
    if (watch.signal.aborted) throw watch.signal.reason;
    const message = `Reelay could not be reached at ${connection.base}, or its response was cut off.`;
    throw new ReelayError("network_error", message, { retryable: true, cause: error });
  }
}

/** A response's JSON object; anything else is an `unexpected_answer`, which is not retryable. */
export async function readJson(response: Response): Promise<Record<string, unknown>> {
  const value = parse(await response.text());
  if (value === undefined)
    throw unexpected(response, "The response is not from Reelay: it is not a JSON object. Check the address.");
  return value;
}

/** The error for a response that is not from Reelay. */
export function unexpected(response: Response, message: string): ReelayError {
  return new ReelayError("unexpected_answer", message, { status: response.status, requestId: requestIdOf(response) });
}

function headersOfCall(call: Call): Record<string, string> {
  const headers: Record<string, string> = { Accept: "application/json", ...call.headers };
  if (call.body !== undefined) headers["Content-Type"] = "application/json";
  return headers;
}

/**
 * Aborts after `timeoutMs` or with the caller's signal. It also rejects, because not every `fetch`
 * obeys its signal.
 */
function watchdog(timeoutMs: number, callers: AbortSignal | undefined) {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    const message = `Reelay did not respond within ${timeoutMs} ms.`;
    controller.abort(new ReelayError("timeout", message, { retryable: true }));
  }, timeoutMs);
  const abort = () => controller.abort(callers?.reason);
  callers?.addEventListener("abort", abort, { once: true });
  const fired = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason), { once: true });
  });
  // The race may be over when it rejects; that is not an unhandled rejection.
  fired.catch(() => {});
  const stop = () => {
    clearTimeout(timer);
    callers?.removeEventListener("abort", abort);
  };
  return { signal: controller.signal, fired, stop };
}

async function problemOf(response: Response): Promise<ReelayError> {
  const problem = parse(await response.text());
  const { status } = response;
  const details = { status, retryAfterMs: retryAfterOf(response.headers), requestId: requestIdOf(response) };
  if (problem === undefined || typeof problem.code !== "string") {
    const retryable = status === 429 || status >= 500;
    const message = `The response is not from Reelay: it has HTTP status ${status}.`;
    return new ReelayError("unexpected_answer", message, { ...details, retryable });
  }
  const sentence = [problem.error, problem.detail].find((text) => typeof text === "string");
  return new ReelayError(problem.code, sentence ?? `Reelay refused the request with HTTP status ${status}.`, {
    ...details,
    retryable: problem.retryable === true,
    requestId: typeof problem.requestId === "string" ? problem.requestId : details.requestId,
    errors: Array.isArray(problem.errors) ? problem.errors.flatMap(fieldProblem) : [],
  });
}

function fieldProblem(value: unknown): FieldProblem[] {
  const field = (value ?? {}) as Partial<Record<string, unknown>>;
  const place = [field.pointer, field.parameter, field.header].find((name) => typeof name === "string");
  return place !== undefined && typeof field.detail === "string" ? [{ pointer: place, detail: field.detail }] : [];
}

function requestIdOf(response: Response): string | undefined {
  return response.headers.get("x-request-id") ?? undefined;
}

/** Parses a JSON object; undefined for any other text. */
function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Not JSON: undefined, as for JSON that is not an object.
  }
  return undefined;
}
