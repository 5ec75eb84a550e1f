import { ReelayError } from "./error.js";
import type { CallOptions, ReelayOptions } from "./options.js";

/** The checked options of a client, with every default set. */
export interface Connection {
  /** The worker's address without a slash at its end. */
  base: string;
  apiKey: () => string | Promise<string>;
  userId: string | undefined;
  maxRetries: number;
  timeoutMs: number;
  fetch: typeof fetch;
  headers: Record<string, string>;
}

const MAX_RETRIES = 2;
const TIMEOUT_MS = 30_000;
/** The longest delay of a timer, in milliseconds; a longer one would fire immediately. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Checks the options of a client; throws a `ReelayError` `invalid_option` that names a bad one. */
export function connectionOf(options: ReelayOptions): Connection {
  const { apiKey, fetch: given } = options;
  if (typeof apiKey !== "function" && (typeof apiKey !== "string" || apiKey === ""))
    throw invalidOption(
      "apiKey",
      apiKey === ""
        ? "is empty: set the variable that it comes from, such as REELAY_API_KEY in .env.local"
        : "must be a token, or a function that returns one",
    );
  return {
    base: baseOf(options.baseUrl),
    apiKey: typeof apiKey === "function" ? apiKey : () => apiKey,
    userId: options.userId,
    maxRetries: wholeNumber("maxRetries", options.maxRetries ?? MAX_RETRIES, 0),
    timeoutMs: wholeNumber("timeoutMs", options.timeoutMs ?? TIMEOUT_MS, 1),
    // Browsers throw if `fetch` is called as a method of another object.
    fetch: (input, init) => (given ?? globalThis.fetch)(input, init),
    headers: options.headers ?? {},
  };
}

/** Checks that a value is a whole number from `least` to the longest delay of a timer. */
export function wholeNumber(name: string, value: number, least: number): number {
  if (!Number.isInteger(value) || value < least || value > LONGEST_TIMER_MS)
    throw invalidOption(name, `must be a whole number from ${least} to ${LONGEST_TIMER_MS}`);
  return value;
}

/**
 * The headers of one attempt. Values that a header cannot have are refused here, because the
 * platform's own error would quote them.
 */
export async function headersOf(
  connection: Connection,
  own: Record<string, string>,
  call: CallOptions,
): Promise<Headers> {
  const headers = new Headers();
  const set = (name: string, value: string, option: string) => {
    try {
      headers.set(name, value);
    } catch {
      throw invalidOption(option, "contains characters that an HTTP header cannot have");
    }
  };
  const userId = call.userId ?? connection.userId;
  if (userId !== undefined) set("X-User-Id", userId, "userId");
  for (const [name, value] of Object.entries({ ...connection.headers, ...call.headers })) set(name, value, "headers");
  for (const [name, value] of Object.entries(own)) set(name, value, name);
  const token: unknown = await connection.apiKey();
  if (typeof token !== "string" || token === "") throw invalidOption("apiKey", "returned no token");
  set("Authorization", `Bearer ${token}`, "apiKey");
  return headers;
}

/** The error for a bad option. It does not contain the value, which may be a secret. */
export function invalidOption(name: string, detail: string): ReelayError {
  return new ReelayError("invalid_option", `The option ${name} ${detail}.`);
}

function baseOf(baseUrl: string): string {
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch {
    throw invalidOption("baseUrl", "must be the worker's address, such as https://reelay.example.workers.dev");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") throw invalidOption("baseUrl", "must be http or https");
  if (url.username || url.password || url.search || url.hash)
    throw invalidOption("baseUrl", "must have no user, query or fragment");
  return url.href.replace(/\/+$/, "");
}
