import { InvalidArgumentError } from "@ai-sdk/provider";

/** What `providerOptions.reelay` takes besides what the SDK knows. */
export interface ReelayVideoProviderOptions {
  /** The user who is acted for, which a service key must name; comes before the provider's own `userId`. */
  userId?: string;
  /** Which video service renders it: `veo3`, `vertex`, `omni`, or `google` for whichever has the model. */
  provider?: string;
  /** 0 to 10; each level is a minute's head start. */
  priority?: number;
  negativePrompt?: string;
  personGeneration?: string;
  /** Echoed by every answer and webhook. */
  metadata?: Record<string, string>;
  /** The generation's id: the same id with the same order again makes no second job. */
  generationId?: string;
  /** Before this time, such as `2026-01-01T00:00:00Z`, it is not started. */
  startAfter?: string;
  /** Milliseconds that it may render, if shorter than the worker's own limit. */
  timeoutMs?: number;
  /** Further fields of the order's `parameters`. */
  parameters?: Record<string, unknown>;
}

type Kind = "text" | "number" | "object" | "texts";

const KINDS: Record<keyof ReelayVideoProviderOptions, Kind> = {
  userId: "text",
  provider: "text",
  priority: "number",
  negativePrompt: "text",
  personGeneration: "text",
  metadata: "texts",
  generationId: "text",
  startAfter: "text",
  timeoutMs: "number",
  parameters: "object",
};

const WANTED: Record<Kind, string> = {
  text: "must be a string",
  number: "must be a number",
  object: "must be an object",
  texts: "must be an object of strings",
};

/**
 * Checks `providerOptions.reelay`; throws an `InvalidArgumentError` that names every bad field.
 *
 * It does so by hand because the SDK's own check puts the values into its error, and one of them may be a prompt.
 */
export function checkOptions(given: unknown): ReelayVideoProviderOptions {
  if (given === undefined || given === null) return {};
  if (!isObject(given)) throw invalid("reelay must be an object");
  const bad = Object.entries(given).flatMap(([name, value]) => {
    if (!isKnown(name)) return [`${name} is not known`];
    return value === undefined || fits(KINDS[name], value) ? [] : [`${name} ${WANTED[KINDS[name]]}`];
  });
  if (bad.length > 0) throw invalid(bad.join("; "));
  return given;
}

function isKnown(name: string): name is keyof ReelayVideoProviderOptions {
  return Object.hasOwn(KINDS, name);
}

function fits(kind: Kind, value: unknown): boolean {
  if (kind === "text") return typeof value === "string";
  if (kind === "number") return typeof value === "number";
  if (!isObject(value)) return false;
  return kind === "object" || Object.values(value).every((text) => typeof text === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(detail: string): InvalidArgumentError {
  return new InvalidArgumentError({
    argument: "providerOptions",
    message: `Invalid providerOptions.reelay: ${detail}.`,
  });
}
