import { ReelayError } from "./error.js";
import { readWebhookEvent, type WebhookEvent } from "./webhook_event.js";

/** The headers of a request, as the platform has them or as Node's servers do. */
export type WebhookHeaders = Headers | Record<string, string | string[] | undefined>;

/** How strictly a webhook's time is taken. */
export interface VerifyOptions {
  /** How many seconds the signed time may lie before or after now; 300 if not said. */
  toleranceSeconds?: number | undefined;
  /** Taken for the present time; the clock's if not said. */
  now?: Date | undefined;
}

const TOLERANCE_SECONDS = 300;
/** A sender signs once for each of its secrets; more than this is nobody's rotation. */
const MAX_SIGNATURES = 32;
/** The bytes of a secret after the Standard Webhooks specification. */
const SECRET_BYTES = { least: 24, most: 64 };

/**
 * Verifies a webhook after the Standard Webhooks specification, and reads its event.
 *
 * `rawBody` is the body as it came: parsed and written anew it does not verify. `secrets` are `whsec_…`, one, several, or
 * several in one string with commas between, of which any one must have signed. Rejects with a `ReelayError` whose
 * code is `missing_header`, `stale_timestamp`, `invalid_signature`, `malformed_event` (signed, but no event of
 * Reelay's) or `invalid_secret` (one of yours).
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
    throw new ReelayError("invalid_signature", "The webhook was not signed with a secret that is known here.");
  return readWebhookEvent(rawBody);
}

/** The one value of a header that must be there, whatever the case of its name. */
export function header(headers: WebhookHeaders, name: string): string {
  const value = isHeaders(headers) ? headers.get(name) : ownHeader(headers, name);
  if (!value) throw new ReelayError("missing_header", `The webhook has no ${name} header.`);
  return value;
}

/** A framework's own `Headers` need not be the platform's. */
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
      "The webhook was signed too long ago, or for a time that is still to come.",
    );
}

function readSecrets(secrets: string | string[]): Uint8Array<ArrayBuffer>[] {
  const written = (Array.isArray(secrets) ? secrets : [secrets])
    .flatMap((part) => (typeof part === "string" ? part.split(",") : []))
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (written.length === 0) throw new ReelayError("invalid_secret", "There is no webhook secret to verify with.");
  return written.map(readSecret);
}

function readSecret(secret: string): Uint8Array<ArrayBuffer> {
  const base64 = secret.startsWith("whsec_") ? secret.slice("whsec_".length) : secret;
  let bytes = new Uint8Array();
  try {
    bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    // What is no base64 has none of the bytes that are wanted, and is refused by that.
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

/** Whether the two are equal, in a time that does not tell where they differ. */
function equalInConstantTime(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let index = 0; index < one.length; index += 1) difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  return difference === 0;
}
