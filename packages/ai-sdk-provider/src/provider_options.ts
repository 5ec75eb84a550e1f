import { InvalidArgumentError, type SharedV4ProviderOptions } from "@ai-sdk/provider";
import type { Order } from "@reelay/client";
import { z } from "zod/v4";

type Provider = NonNullable<Order["provider"]>;
type PersonGeneration = NonNullable<NonNullable<Order["parameters"]>["personGeneration"]>;

/** What `providerOptions.reelay` takes. Whatever is left out is the provider's, the model's or Reelay's default. */
export interface ReelayVideoProviderOptions {
  /** For whom the video is ordered; it comes before the provider's own `userId`. */
  userId?: string | undefined;
  /** Who renders. */
  provider?: Provider | undefined;
  /** 0 to 10; each level is a minute's head start in the line. */
  priority?: number | undefined;
  /** What is not to be seen. */
  negativePrompt?: string | undefined;
  /** Whether people may be shown. */
  personGeneration?: PersonGeneration | undefined;
  /** Echoed back in answers and webhooks. */
  metadata?: Record<string, string> | undefined;
  /** Your own id: the same id with the same order again is no second job. */
  generationId?: string | undefined;
  /** Not to be started before this time, RFC 3339. */
  startAfter?: string | undefined;
  /** Milliseconds that it may wait for its start; then it fails. */
  startTimeoutMs?: number | undefined;
  /** Milliseconds from a start to the end of rendering. */
  timeoutMs?: number | undefined;
  /** Further fields of the order's `parameters`; those of the call itself come before them. */
  parameters?: Record<string, unknown> | undefined;
}

/** Reads `providerOptions.reelay`; throws an `InvalidArgumentError` that names each bad field, without its value. */
export function providerOptionsOf(options: SharedV4ProviderOptions): ReelayVideoProviderOptions {
  if (options.reelay === undefined) return {};
  schema ??= makeSchema();
  const read = schema.safeParse(options.reelay);
  if (read.success) return read.data;
  const problems = read.error.issues.map(
    ({ path, message }) => `${["providerOptions", "reelay", ...path].join(".")}: ${message}`,
  );
  throw new InvalidArgumentError({ argument: "providerOptions", message: `Invalid options: ${problems.join("; ")}.` });
}

/** The words of the API's description: a change of it breaks the compilation here. */
const PROVIDERS = { google: "google", omni: "omni", veo3: "veo3", vertex: "vertex" } as const satisfies {
  [Name in Provider]: Name;
};
const PERSON_GENERATION = {
  allow_adult: "allow_adult",
  allow_all: "allow_all",
  dont_allow: "dont_allow",
} as const satisfies { [Name in PersonGeneration]: Name };

/** Made when it is first needed: most processes that load a provider order no video. */
let schema: ReturnType<typeof makeSchema> | undefined;

function makeSchema() {
  return z.strictObject({
    userId: z.string().min(1).optional(),
    provider: z.enum(PROVIDERS).optional(),
    priority: z.int().min(0).max(10).optional(),
    negativePrompt: z.string().optional(),
    personGeneration: z.enum(PERSON_GENERATION).optional(),
    metadata: z.record(z.string(), z.string()).optional(),
    generationId: z.string().min(1).optional(),
    startAfter: z.string().optional(),
    startTimeoutMs: z.int().min(1).optional(),
    timeoutMs: z.int().min(1).optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
  });
}
