import { type Connection, wholeNumber } from "./connection.js";
import type { Generation, Status, StreamedProgress } from "./description.js";
import { ReelayError } from "./error.js";
import { followEvents } from "./events.js";
import type { CallOptions, GenerationEvent, WaitOptions } from "./options.js";
import { mayRepeat, pause } from "./retry.js";

const POLL_INTERVAL_MS = 2_000;
/** The number of failed polls in a row, each with its own retries, after which a wait rejects. */
const MAX_FAILED_LOOKS = 10;
/** The statuses that change without an action. */
const MOVING: Status[] = ["queued", "processing"];

/** Gets the generation. */
type Get = (options: CallOptions) => Promise<Generation>;

/**
 * Waits until the generation at `path` has ended or needs an action. It follows the live events, or
 * polls every `pollIntervalMs` if they are not available. The result always comes from a poll.
 */
export async function waitFor(
  connection: Connection,
  path: string,
  get: Get,
  options: WaitOptions,
): Promise<Generation> {
  const { onProgress, timeoutMs, pollIntervalMs = POLL_INTERVAL_MS, signal: callers, ...rest } = options;
  const interval = wholeNumber("pollIntervalMs", pollIntervalMs, 1);
  const limit = deadline(timeoutMs, callers);
  const call = { ...rest, signal: limit.signal };
  const tell = reporter(onProgress);
  try {
    const first = await get(call);
    tell(first);
    if (isSettled(first)) return first;
    for await (const event of whileThereAre(followEvents(connection, path, call, true), limit.signal)) {
      if (event.type !== "end") tell(event);
      if (event.type !== "end" && MOVING.includes(event.status)) continue;
      const generation = await look(get, call, interval);
      if (isSettled(generation)) return generation;
    }
    for (;;) {
      const generation = await look(get, call, interval);
      tell(generation);
      if (isSettled(generation)) return generation;
      await pause(interval, limit.signal);
    }
  } finally {
    limit.stop();
  }
}

function isSettled(generation: Generation): boolean {
  return !MOVING.includes(generation.status);
}

/** The events until they end or fail. */
async function* whileThereAre(
  events: AsyncGenerator<GenerationEvent, void, undefined>,
  signal: AbortSignal,
): AsyncGenerator<GenerationEvent, void, undefined> {
  try {
    yield* events;
  } catch (error) {
    if (signal.aborted || !(error instanceof ReelayError)) throw error;
  }
}

/** Polls the generation, and repeats that after temporary failures. */
async function look(get: Get, call: CallOptions, interval: number): Promise<Generation> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await get(call);
    } catch (error) {
      if (call.signal?.aborted || failures === MAX_FAILED_LOOKS || !mayRepeat(error)) throw error;
      await pause(interval, call.signal);
    }
  }
}

/** Calls `onProgress` after each change. */
function reporter(onProgress: WaitOptions["onProgress"]): (now: StreamedProgress) => void {
  let told = "";
  return ({ status, phase, progress }) => {
    const news = JSON.stringify([status, phase, progress]);
    if (news === told) return;
    told = news;
    onProgress?.({ status, phase, progress });
  };
}

/** A signal that aborts with the caller's, or with a `timeout` error after `timeoutMs`. */
function deadline(timeoutMs: number | undefined, callers: AbortSignal | undefined) {
  callers?.throwIfAborted();
  const milliseconds = timeoutMs === undefined ? undefined : wholeNumber("timeoutMs", timeoutMs, 1);
  const controller = new AbortController();
  const abort = () => controller.abort(callers?.reason);
  callers?.addEventListener("abort", abort, { once: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  if (milliseconds !== undefined) {
    const message = `The generation had not ended after ${milliseconds} ms.`;
    const late = () => controller.abort(new ReelayError("timeout", message, { retryable: true }));
    timer = setTimeout(late, milliseconds);
  }
  const stop = () => {
    clearTimeout(timer);
    callers?.removeEventListener("abort", abort);
  };
  return { signal: controller.signal, stop };
}
