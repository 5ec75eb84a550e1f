import { getRuntimeEnvironmentUserAgent, normalizeHeaders, withUserAgentSuffix } from "@ai-sdk/provider-utils";
import { createReelay, type Reelay } from "@reelay/client";
import { noStore } from "@reelay/client/frameworks";
import { VERSION } from "./version.js";

/** Where the worker is and how it is called, read anew for each call. */
export interface WorkerSettings {
  /** The worker's address. */
  baseURL: string;
  apiKey: string | (() => string | Promise<string>);
  userId: string | undefined;
  headers: Record<string, string> | undefined;
  fetch: typeof fetch | undefined;
}

/** What differs between the calls of one model. */
export interface Connecting {
  /** How often the client itself repeats what failed; its default if not said. */
  maxRetries?: number;
  /** In place of the settings' own. */
  fetch?: typeof fetch;
}

/** A client of the worker. Throws a `ReelayError` with the code `invalid_option`. */
export function clientOf(settings: WorkerSettings, { maxRetries, fetch = settings.fetch }: Connecting = {}): Reelay {
  const { baseURL, apiKey, userId, headers } = settings;
  return createReelay({ baseUrl: baseURL, apiKey, userId, headers, fetch, maxRetries });
}

/** What the SDK's headers say to the worker: all but the key of the call, which is the order's alone. */
export function headersOf(headers: Record<string, string | undefined> | undefined): Record<string, string> {
  const { "idempotency-key": _, ...rest } = normalizeHeaders(headers);
  return withUserAgentSuffix(rest, `ai-sdk-reelay/${VERSION}`, getRuntimeEnvironmentUserAgent());
}

/** The address of a call for messages: without any secret, since that of a worker has none. */
export function addressOf(settings: WorkerSettings, generationId?: string): string {
  const path = `${settings.baseURL.replace(/\/+$/, "")}/api/generations`;
  return generationId === undefined ? path : `${path}/${encodeURIComponent(generationId)}`;
}

/** A `fetch` whose answers no framework caches: videos and images are large, and their addresses are for once. */
export function uncached(given: typeof fetch | undefined): typeof fetch {
  return (input, init) => (given ?? globalThis.fetch)(input, { ...init, ...noStore() });
}
