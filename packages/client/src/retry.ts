import { LONGEST_TIMER_MS } from "./connection.js";
import { ReelayError } from "./error.js";

/** The longest that a worker's `Retry-After` is waited for before one attempt. */
const LONGEST_WAIT_MS = 60_000;
const FIRST_BACK_OFF_MS = 500;
const LONGEST_BACK_OFF_MS = 20_000;

/** Whether the same call, made again, may succeed and does no harm: 429 and 5xx that say so, and no answer at all. */
export function mayRepeat(error: unknown): error is ReelayError {
  if (!(error instanceof ReelayError) || !error.retryable) return false;
  return error.status === undefined || error.status === 429 || error.status >= 500;
}

/** Milliseconds before the next attempt, after `failures` in a row of which `error` is the last. */
export function delayBefore(error: ReelayError | undefined, failures: number): number {
  if (error?.retryAfterMs !== undefined) return Math.min(error.retryAfterMs, LONGEST_WAIT_MS);
  const most = Math.min(FIRST_BACK_OFF_MS * 2 ** Math.max(0, failures - 1), LONGEST_BACK_OFF_MS);
  // Half of it at least, so that callers who failed together do not come back together.
  return most / 2 + (Math.random() * most) / 2;
}

/** The milliseconds of a `Retry-After`, in seconds or as a date; undefined when there is none that can be read. */
export function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Math.min(Number(value) * 1000, LONGEST_TIMER_MS);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** Waits; rejects with the signal's reason as soon as it is aborted. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** Makes `attempt`, and again after failures that `repeat` allows, `retries` times at most. */
export async function withRetries<Answer>(
  retries: number,
  signal: AbortSignal | undefined,
  attempt: () => Promise<Answer>,
  repeat: (error: unknown) => error is ReelayError = mayRepeat,
): Promise<Answer> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (failures > retries || !repeat(error)) throw error;
      await pause(delayBefore(error, failures), signal);
    }
  }
}
