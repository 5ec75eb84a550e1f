import { ReelayError } from "@reelay/client";

/** How long to wait for the response of a request that was in progress at the abort. */
const PATIENCE_MS = 10_000;

/**
 * A `fetch` and a signal for a call whose outcome must be known even after an abort of `callers`.
 * The request in progress may then finish, but no other starts. `begun` returns whether any did.
 */
export function lastRequest(given: typeof fetch | undefined, callers: AbortSignal | undefined) {
  const controller = new AbortController();
  let begun = false;
  let underWay = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => controller.abort(callers?.reason);
  const abort = () => {
    if (underWay) timer = setTimeout(stop, PATIENCE_MS);
    else stop();
  };
  callers?.addEventListener("abort", abort, { once: true });
  const patient: typeof fetch = async (input, init) => {
    if (callers?.aborted) throw new ReelayError("aborted", "The caller aborted the call.");
    begun = true;
    underWay = true;
    let answered = false;
    try {
      const response = await (given ?? globalThis.fetch)(input, init);
      answered = response.ok;
      return response;
    } finally {
      underWay = false;
      if (callers?.aborted && !answered) stop();
    }
  };
  const done = () => {
    clearTimeout(timer);
    callers?.removeEventListener("abort", abort);
  };
  return { fetch: patient, signal: controller.signal, begun: () => begun, done };
}
