import { attempt, unexpected } from "./attempt.js";
import type { Connection } from "./connection.js";
import { isControlFlow } from "./control_flow.js";
import { ReelayError } from "./error.js";
import { EventStreamReader, type StreamMessage } from "./event_stream.js";
import type { EventsOptions, GenerationEvent } from "./options.js";
import { delayBefore, mayRepeat, pause } from "./retry.js";

/** The worker sends something every 15 s. After a silence of this length the connection is dead. */
const SILENCE_MS = 40_000;

type StreamReader = ReadableStreamDefaultReader<Uint8Array>;

/**
 * Follows the live events of the generation at `path` until it has ended.
 *
 * A broken stream is resumed after its last step. Throws the last error after more than
 * `maxRetries` streams in a row without a byte. With `eager`, it throws after as many streams
 * without an event, or after the first one that stays silent.
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

/** Opens the stream after the step `last`; undefined if no more events will come. */
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
    throw unexpected(response, "The response is not a stream of live events. Is there a proxy before Reelay?");
  });
}

/** The events of one stream. Records the last step's id, and whether any byte came. */
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
    // The connection may be broken already, so an error is ignored.
    stream.cancel().catch(() => {});
  }
}

/** The event of a message; undefined for a kind of a later version. */
function eventOf(message: StreamMessage): GenerationEvent | undefined {
  const { event: type, id } = message;
  if (type !== "step" && type !== "progress" && type !== "end") return undefined;
  let data: unknown;
  try {
    data = JSON.parse(message.data);
  } catch {
    // Refused below, like any data that is not an object.
  }
  if (typeof data !== "object" || data === null || (type === "step" && id === undefined))
    throw new ReelayError("unexpected_answer", "The live events contain a message that is not Reelay's.");
  return { ...data, type, ...(type === "step" && { id }) } as GenerationEvent;
}

/** The next chunk; rejects after `milliseconds` without one, or with the signal's reason. */
async function readWithin(stream: StreamReader, milliseconds: number, signal: AbortSignal | undefined) {
  const over = new AbortController();
  const abort = () => over.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", abort, { once: true });
  const silence = pause(milliseconds, over.signal).then(() => {
    const message = `The live events were silent for ${milliseconds} ms.`;
    throw new ReelayError("timeout", message, { retryable: true });
  });
  // After a chunk has come, its rejection is ignored.
  silence.catch(() => {});
  try {
    return await Promise.race([stream.read(), silence]);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof ReelayError || isControlFlow(error)) throw error;
    throw new ReelayError("network_error", "The live events were cut off.", { retryable: true, cause: error });
  } finally {
    signal?.removeEventListener("abort", abort);
    over.abort();
  }
}

function brokenOff(): ReelayError {
  return new ReelayError("network_error", "The live events were cut off before any data.", { retryable: true });
}
