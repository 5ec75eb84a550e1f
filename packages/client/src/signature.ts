import { ReelayError } from "./error.js";
import { readWebhookEvent, type WebhookEvent } from "./webhook_event.js";

/** The headers of a request: the platform's `Headers`, or an object as in Node's servers. */
export type WebhookHeaders = Headers | Record<string, string | string[] | undefined>;

/** How the time of a webhook is checked. */
export interface VerifyOptions {
  /** The greatest difference between the signed time and now, in seconds; by default 300. */
  toleranceSeconds?: number | undefined;
  /** The current time; by default the clock's. */
  now?: Date | undefined;
}

const TOLERANCE_SECONDS = 300;
/** The most signatures to check. A sender adds one for each of its secrets, so it needs few. */
const MAX_SIGNATURES = 32;
/** The length of a secret in bytes, by the Standard Webhooks specification. */
const SECRET_BYTES = { least: 24, most: 64 };

/**
 * Verifies a webhook by the Standard Webhooks specification, and reads its event.
 *
 * `rawBody` is the unchanged body: parsed and serialised again, it does not verify. `secrets` are
 * `whsec_…`: one, a list, or several separated by commas. One of them must have signed. Rejects
 * with a `ReelayError` whose code is `missing_header`, `stale_timestamp`, `invalid_signature`,
 * `malformed_event` (signed, but not an event of Reelay's) or `invalid_secret` (one of yours).
 */
export async function verifyWebhook(
  rawBody: string,
  headers: WebhookHeaders,
  secrets: string | string[],
  options: VerifyOptions = {},
): Promise<WebhookEvent> {
  const keys = readSecrets(secrets);
  const id = header(headers, "webhook-id");
  const timestamp = header(headers, "webhook-timestamp");
  const signatures = header(headers, "webhook-signature");
  checkTime(timestamp, options);
  const presented = signatures.split(" ").slice(0, MAX_SIGNATURES);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${rawBody}`);
  let valid = false;
  for (const key of keys) {
    const expected = `v1,${await sign(key, signed)}`;
    for (const signature of presented) if (equalInConstantTime(signature, expected)) valid = true;
  }
  if (!valid)
    throw new ReelayError("invalid_signature", "The webhook's signature matches none of your webhook secrets.");
  return readWebhookEvent(rawBody);
}

/** The value of a required header; the case of its name does not matter. */
export function header(headers: WebhookHeaders, name: string): string {
  const value = isHeaders(headers) ? headers.get(name) : ownHeader(headers, name);
  if (!value) throw new ReelayError("missing_header", `The webhook has no ${name} header.`);
  return value;
}

/** Checks for a method, because a framework's `Headers` may be its own class. */
function isHeaders(headers: WebhookHeaders): headers is Headers {
  return typeof headers.get === "function";
}

function ownHeader(headers: Record<string, string | string[] | undefined>, name: string): string | undefined {
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  return Array.isArray(found) ? found.join(" ") : found;
}

function checkTime(timestamp: string, options: VerifyOptions): void {
  const seconds = /^\d{1,15}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
  const now = Math.floor((options.now ?? new Date()).getTime() / 1000);
  const apart = Math.abs(now - seconds);
  if (!(apart <= (options.toleranceSeconds ?? TOLERANCE_SECONDS)))
    throw new ReelayError(
      "stale_timestamp",
      "The webhook's timestamp is too old or in the future: check this server's clock.",
    );
}

function readSecrets(secrets: string | string[]): Uint8Array<ArrayBuffer>[] {
  const written = (Array.isArray(secrets) ? secrets : [secrets])
    .flatMap((part) => (typeof part === "string" ? part.split(",") : []))
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (written.length === 0) throw new ReelayError("invalid_secret", "There is no webhook secret: give at least one.");
  return written.map(readSecret);
}

function readSecret(secret: string): Uint8Array<ArrayBuffer> {
  const base64 = secret.startsWith("whsec_") ? secret.slice("whsec_".length) : secret;
  let bytes = new Uint8Array();
  try {
    bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    // Not base64: no bytes, which the next check refuses.
  }
  if (bytes.length < SECRET_BYTES.least || bytes.length > SECRET_BYTES.most)
    throw new ReelayError("invalid_secret", "A webhook secret must be whsec_ and the base64 of 24 to 64 bytes.");
  return bytes;
}

async function sign(key: Uint8Array<ArrayBuffer>, content: Uint8Array<ArrayBuffer>): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", imported, content));
  return btoa(String.fromCharCode(...mac));
}

/** Compares two texts in a time that does not depend on where they differ. */
function equalInConstantTime(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let index = 0; index < one.length; index += 1) difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  return difference === 0;
}
