import { getRuntimeEnvironmentUserAgent, normalizeHeaders, withUserAgentSuffix } from "@ai-sdk/provider-utils";
import { createReelay, type Reelay } from "@reelay/client";
import { noStore } from "@reelay/client/frameworks";
import { VERSION } from "./version.js";

/** The worker's address and credentials; read again for each call. */
export interface WorkerSettings {
  /** The worker's address. */
  baseURL: string;
  apiKey: string | (() => string | Promise<string>);
  userId: string | undefined;
  headers: Record<string, string> | undefined;
  fetch: typeof fetch | undefined;
}

/** The options that differ between calls. */
export interface Connecting {
  /** How often the client retries; by default as `@reelay/client`. */
  maxRetries?: number;
  /** Replaces the settings' `fetch`. */
  fetch?: typeof fetch;
}

/** Creates a client. Throws a `ReelayError` with the code `invalid_option` for a bad setting. */
export function clientOf(settings: WorkerSettings, { maxRetries, fetch = settings.fetch }: Connecting = {}): Reelay {
  const { baseURL, apiKey, userId, headers } = settings;
  return createReelay({ baseUrl: baseURL, apiKey, userId, headers, fetch, maxRetries });
}

/** The SDK's headers for the worker, except the key, which only the order has. */
export function headersOf(headers: Record<string, string | undefined> | undefined): Record<string, string> {
  const { "idempotency-key": _, ...rest } = normalizeHeaders(headers);
  return withUserAgentSuffix(rest, `ai-sdk-reelay/${VERSION}`, getRuntimeEnvironmentUserAgent());
}

/** The address of a call, for errors; it contains no secret. */
export function addressOf(settings: WorkerSettings, generationId?: string): string {
  const path = `${settings.baseURL.replace(/\/+$/, "")}/api/generations`;
  return generationId === undefined ? path : `${path}/${encodeURIComponent(generationId)}`;
}

/** A `fetch` that no framework caches: videos and images are large and their addresses expire. */
export function uncached(given: typeof fetch | undefined): typeof fetch {
  return (input, init) => (given ?? globalThis.fetch)(input, { ...init, ...noStore() });
}
