import { LONGEST_TIMER_MS } from "./connection.js";
import { ReelayError } from "./error.js";

/** The longest wait before one attempt, whatever `Retry-After` says, in milliseconds. */
const LONGEST_WAIT_MS = 60_000;
const FIRST_BACK_OFF_MS = 500;
const LONGEST_BACK_OFF_MS = 20_000;

/** Whether a retry may succeed: after 429 and 5xx marked `retryable`, and without a response. */
export function mayRepeat(error: unknown): error is ReelayError {
  if (!(error instanceof ReelayError) || !error.retryable) return false;
  return error.status === undefined || error.status === 429 || error.status >= 500;
}

/** Milliseconds before the next attempt, after `failures` in a row; `error` is the last one. */
export function delayBefore(error: ReelayError | undefined, failures: number): number {
  if (error?.retryAfterMs !== undefined) return Math.min(error.retryAfterMs, LONGEST_WAIT_MS);
  const most = Math.min(FIRST_BACK_OFF_MS * 2 ** Math.max(0, failures - 1), LONGEST_BACK_OFF_MS);
  // A random part, so that callers that failed together do not retry together.
  return most / 2 + (Math.random() * most) / 2;
}

/** The milliseconds of `Retry-After` (seconds or a date); undefined if absent or malformed. */
export function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (!value) return undefined;
  if (/^\d+$/.test(value)) return Math.min(Number(value) * 1000, LONGEST_TIMER_MS);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** Waits; an abort rejects with the signal's reason. */
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

/** Runs `attempt`, and retries it at most `retries` times after failures that `repeat` allows. */
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
