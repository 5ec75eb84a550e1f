// Requests to the worker's API. A request fails with `Trouble` (the worker reported a problem) or
// `NoAnswer`.

const TIMEOUT_MS = 15_000;
const UNAUTHORIZED = 401;
const SERVER_ERROR = 500;

/** The worker reported a problem; `message` is its `detail`. */
export class Trouble extends Error {
  /** @param {number} status @param {any} problem @param {string|null} requestId */
  constructor(status, problem, requestId) {
    super(problem?.detail ?? problem?.error ?? `The worker answered ${status}.`);
    this.status = status;
    this.code = problem?.code ?? "";
    this.requestId = problem?.requestId ?? requestId ?? "";
    /** @type {{pointer?: string, header?: string, parameter?: string, setting?: string, detail: string}[]} */
    this.errors = problem?.errors ?? [];
  }
}

/** The worker did not respond, or it failed with a 5xx status. */
export class NoAnswer extends Error {
  /** @param {string} [why] the worker's sentence, if there is one */
  constructor(why = "") {
    super(why || "The worker did not respond.");
    this.why = why;
  }
}

export class Api {
  #session;
  #listeners;

  /**
   * @param {{token: string, actsFor?: string, caller?: {kind: string, userId?: string, operator: boolean}}} session
   * @param {{onSignedOut?: (why: string) => void, onMisconfigured?: (errors: any[]) => void}} [listeners]
   * called when the worker rejects the token, and when it reports wrong settings
   */
  constructor(session, listeners = {}) {
    this.#session = session;
    this.#listeners = listeners;
  }

  /** @param {string} path @param {{user?: string, query?: Record<string, any>}} [options] */
  get(path, options = {}) {
    return this.#json("GET", path, options);
  }

  /** @param {string} path @param {{user?: string, query?: Record<string, any>, body?: any, timeoutMs?: number}} [options] */
  post(path, options = {}) {
    return this.#json("POST", path, options);
  }

  /** @param {string} path @param {{body?: any}} [options] */
  patch(path, options = {}) {
    return this.#json("PATCH", path, options);
  }

  /**
   * Opens an event stream. The caller reads and aborts it.
   * @param {string} path
   * @param {{user?: string, lastEventId?: string, signal: AbortSignal}} options
   */
  async stream(path, { user, lastEventId, signal }) {
    const headers = this.#headers(user);
    headers.set("Accept", "text/event-stream");
    if (lastEventId) headers.set("Last-Event-ID", lastEventId);
    const response = await this.#send(path, { headers, signal, cache: "no-store" });
    if (!response.ok) await this.#fail(response);
    return response;
  }

  async #json(method, path, { user, query, body, timeoutMs = TIMEOUT_MS }) {
    const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== "");
    const search = new URLSearchParams(given).toString();
    const headers = this.#headers(user);
    if (body !== undefined) headers.set("Content-Type", "application/json");
    const response = await this.#send(search ? `${path}?${search}` : path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) await this.#fail(response);
    try {
      return await response.json();
    } catch {
      throw new NoAnswer();
    }
  }

  /** `X-User-Id` is set for a key or an operator; another user's token names its own user. */
  #headers(user) {
    const { token, actsFor, caller } = this.#session;
    const headers = new Headers({ Authorization: `Bearer ${token}` });
    const named = user ?? actsFor;
    if (named && (caller === undefined || caller.operator || caller.kind !== "user")) headers.set("X-User-Id", named);
    return headers;
  }

  async #send(path, options) {
    try {
      return await fetch(path, options);
    } catch (error) {
      if (options.signal?.aborted && error.name === "AbortError") throw error;
      throw new NoAnswer();
    }
  }

  async #fail(response) {
    const problem = await response.json().catch(() => undefined);
    const trouble = new Trouble(response.status, problem, response.headers.get("X-Request-Id"));
    if (trouble.code === "misconfigured") this.#listeners.onMisconfigured?.(trouble.errors);
    if (response.status >= SERVER_ERROR) {
      throw new NoAnswer(problem ? `The worker failed: ${trouble.message} (request ${trouble.requestId})` : "");
    }
    if (response.status === UNAUTHORIZED) this.#listeners.onSignedOut?.(trouble.message);
    throw trouble;
  }
}
