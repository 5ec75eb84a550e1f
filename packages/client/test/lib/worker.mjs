// @ts-check
// A stand-in for a worker: a `fetch` that gives each request the next response of a list, and
// records the requests.

import { createReelay } from "@reelay/client";

export const BASE_URL = "https://reelay.test";
export const API_KEY = "a-key-that-nobody-may-see";

/** @typedef {{url: string, path: string, method: string, headers: Headers, body: any, signal: AbortSignal, cache?: string}} Asked */
/** @typedef {(asked: Asked) => Response | Promise<Response>} Answer */

/**
 * A client of a worker that gives these responses, one for each request, and the recorded requests.
 * @param {Answer[]} answers
 * @param {object} [options] of the client
 */
export function workerWith(answers, options = {}) {
  /** @type {Asked[]} */
  const asked = [];
  const left = [...answers];
  /** @type {any} */
  const fetch = async (url, init) => {
    const request = { ...init, url, path: url.slice(BASE_URL.length), body: init.body && JSON.parse(init.body) };
    asked.push(request);
    const answer = left.shift();
    if (answer === undefined) throw new Error(`unexpected request: ${init.method} ${url}`);
    return answer(request);
  };
  const reelay = createReelay({ baseUrl: BASE_URL, apiKey: API_KEY, fetch, ...options });
  return { reelay, asked, left };
}

/** A JSON response. @returns {Answer} */
export const json =
  (value, status = 200, headers = {}) =>
  () =>
    new Response(JSON.stringify(value), { status, headers: { "Content-Type": "application/json", ...headers } });

/** A problem of the worker. @returns {Answer} */
export const problem = (status, code, more = {}, headers = {}) => {
  const detail = `This is ${code}.`;
  const body = { type: "urn", title: "T", status, detail, error: detail, code, requestId: "r1", success: false };
  return json({ retryable: false, ...body, ...more }, status, {
    "Content-Type": "application/problem+json",
    ...headers,
  });
};

export const unavailable = problem(503, "unavailable", { retryable: true });
export const tooMany = problem(429, "too_many_requests", { retryable: true }, { "Retry-After": "3" });

/** No response: the connection broke. @type {Answer} */
export const lost = () => Promise.reject(new TypeError("fetch failed"));
/** Never a response, even after an abort. @type {Answer} */
export const silent = () => new Promise(() => {});

/** A generation with this status. */
export const generation = (status, more = {}) => ({
  id: "g1",
  generationId: "g1",
  status,
  phase: status === "processing" ? "rendering" : "done",
  progress: 50,
  queuePosition: 0,
  ...more,
});

/** The response with that generation. @returns {Answer} */
export const standing = (status, more = {}) => json({ success: true, generation: generation(status, more) });

/** The response to `create`. @type {Answer} */
export const created = (asked) =>
  json({ success: true, generationId: asked.body.generationId ?? "made-there", status: "queued" }, 201)(asked);

/** What a stream does after its last chunk. */
export const OPEN = "open";
export const BROKEN = "broken";

/**
 * A stream of events with these chunks (texts or bytes), which then ends, stays open or breaks.
 * @param {(string | Uint8Array)[]} chunks
 * @returns {Answer}
 */
export const stream = (chunks, then = "ended", onCancel = () => {}) => {
  return () => {
    const left = [...chunks];
    const body = new ReadableStream(
      {
        pull(controller) {
          const chunk = left.shift();
          if (chunk !== undefined) return controller.enqueue(typeof chunk === "string" ? encode(chunk) : chunk);
          if (then === BROKEN) return controller.error(new TypeError("terminated"));
          if (then !== OPEN) return controller.close();
          return new Promise(() => {});
        },
        cancel: onCancel,
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: { "Content-Type": "text/event-stream; charset=utf-8" } });
  };
};

/** The response if no more events will come. @type {Answer} */
export const nothingLeft = () => new Response(null, { status: 204 });

/** The text of one step of the timeline. */
export const step = (id, name = `step${id}`, status = "processing") =>
  message("step", { step: name, at: "2026-01-01T00:00:00.000Z", attempt: 1, ...progressOf(status, id) }, id);
/** The text of a progress without a step. */
export const progress = (percent, status = "processing") => message("progress", progressOf(status, percent));
/** The text of the end. */
export const end = (status = "completed") => message("end", { status });

export const encode = (text) => new TextEncoder().encode(text);

/** The error with which a promise rejects. @returns {Promise<any>} */
export async function failureOf(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`The promise must reject, but resolved to ${JSON.stringify(value)}.`);
}

/** All values of an iterable. @template T @param {AsyncIterable<T>} iterable @returns {Promise<T[]>} */
export async function all(iterable) {
  const items = [];
  for await (const item of iterable) items.push(item);
  return items;
}

function progressOf(status, percent) {
  return { status, phase: "rendering", progress: percent };
}

function message(event, data, id = undefined) {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
