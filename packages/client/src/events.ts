import { attempt, unexpected } from "./attempt.js";
import type { Connection } from "./connection.js";
import { isControlFlow } from "./control_flow.js";
import { ReelayError } from "./error.js";
import { EventStreamReader, type StreamMessage } from "./event_stream.js";
import type { EventsOptions, GenerationEvent } from "./options.js";
import { delayBefore, mayRepeat, pause } from "./retry.js";

/** The worker says something every 15 s, so a stream that is silent for this long is a dead connection. */
const SILENCE_MS = 40_000;

type StreamReader = ReadableStreamDefaultReader<Uint8Array>;

/**
 * Follows the live events of the generation at `path` until it has ended.
 *
 * A stream that breaks off is resumed after its last step. After more than `maxRetries` streams in a row of which not a
 * byte came, the last one's error is thrown; with `eager`, no event, or after the
 * first that stays silent without an end.
 */
export async function* followEvents(
  connection: Connection,
  path: string,
  options: EventsOptions,
  eager = false,
): AsyncGenerator<GenerationEvent, void, undefined> {
  const position = { last: options.lastEventId ?? "", heard: false };
  for (let failures = 0; ; ) {
    position.heard = false;
    let told = false;
    let failure: ReelayError | undefined;
    try {
      const stream = await open(connection, path, position.last, options);
      if (stream === undefined) return;
      for await (const event of eventsOf(stream, position, options.signal)) {
        told = true;
        yield event;
        if (event.type === "end") return;
      }
    } catch (error) {
      if (!mayRepeat(error) || (eager && error.code === "timeout" && !position.heard)) throw error;
      failure = error;
    }
    failures = (eager ? told : position.heard) ? 0 : failures + 1;
    if (failures > connection.maxRetries) throw failure ?? brokenOff();
    await pause(delayBefore(failure, failures), options.signal);
  }
}

/** Opens the stream after the step `last`; undefined when nothing is left to tell. */
function open(
  connection: Connection,
  path: string,
  last: string,
  options: EventsOptions,
): Promise<StreamReader | undefined> {
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  if (last !== "") headers["Last-Event-ID"] = last;
  return attempt(connection, { method: "GET", path: `${path}/events`, headers }, options, async (response) => {
    if (response.status === 204) return undefined;
    const isStream = response.headers.get("content-type")?.toLowerCase().startsWith("text/event-stream");
    if (isStream && response.body !== null) return response.body.getReader();
    await response.body?.cancel();
    throw unexpected(response, "The answer is no stream of live events. Is there a proxy before Reelay?");
  });
}

/** The events of one stream. Notes the last step's id, and whether anything came at all, a comment included. */
async function* eventsOf(
  stream: StreamReader,
  position: { last: string; heard: boolean },
  signal: AbortSignal | undefined,
): AsyncGenerator<GenerationEvent, void, undefined> {
  const reader = new EventStreamReader();
  try {
    for (;;) {
      const { done, value } = await readWithin(stream, SILENCE_MS, signal);
      if (done) return;
      if (value.byteLength > 0) position.heard = true;
      for (const message of reader.read(value)) {
        const event = eventOf(message);
        if (event === undefined) continue;
        if (event.type === "step") position.last = event.id;
        yield event;
      }
    }
  } finally {
    // A connection that is broken already need not be closed.
    stream.cancel().catch(() => {});
  }
}

/** What a message tells; undefined for a kind of a later version. */
function eventOf(message: StreamMessage): GenerationEvent | undefined {
  const { event: type, id } = message;
  if (type !== "step" && type !== "progress" && type !== "end") return undefined;
  let data: unknown;
  try {
    data = JSON.parse(message.data);
  } catch {
    // Refused with everything else that is no object.
  }
  if (typeof data !== "object" || data === null || (type === "step" && id === undefined))
    throw new ReelayError("unexpected_answer", "The live events hold a message that is not Reelay's.");
  return { ...data, type, ...(type === "step" && { id }) } as GenerationEvent;
}

/** The next chunk; rejects after `milliseconds` without one, or with the signal's reason. */
async function readWithin(stream: StreamReader, milliseconds: number, signal: AbortSignal | undefined) {
  const over = new AbortController();
  const abort = () => over.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", abort, { once: true });
  const silence = pause(milliseconds, over.signal).then(() => {
    const message = `Nothing was heard of the live events for ${milliseconds} ms.`;
    throw new ReelayError("timeout", message, { retryable: true });
  });
  // Once a chunk has come, nobody listens to it any more.
  silence.catch(() => {});
  try {
    return await Promise.race([stream.read(), silence]);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ReelayError || isControlFlow(error)) throw error;
    throw new ReelayError("network_error", "The live events broke off.", { retryable: true, cause: error });
  } finally {
    signal?.removeEventListener("abort", abort);
    over.abort();
  }
}

function brokenOff(): ReelayError {
  return new ReelayError("network_error", "The live events broke off before anything came.", { retryable: true });
}
