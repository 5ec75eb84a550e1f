import { InvalidArgumentError, type SharedV4ProviderOptions } from "@ai-sdk/provider";
import type { Order } from "@reelay/client";
import { z } from "zod/v4";

type Provider = NonNullable<Order["provider"]>;
type PersonGeneration = NonNullable<NonNullable<Order["parameters"]>["personGeneration"]>;

/** The options in `providerOptions.reelay`. All are optional. */
export interface ReelayVideoProviderOptions {
  /** The user of the order; overrides the provider's `userId`. */
  userId?: string | undefined;
  /** The video service that renders. */
  provider?: Provider | undefined;
  /** 0 to 10; each level moves the job forward as if it had been ordered a minute earlier. */
  priority?: number | undefined;
  /** What the video must not show. */
  negativePrompt?: string | undefined;
  /** Whether the video may show people. */
  personGeneration?: PersonGeneration | undefined;
  /** Returned in responses and webhooks. */
  metadata?: Record<string, string> | undefined;
  /** Your own id: repeating the same order with the same id creates no second job. */
  generationId?: string | undefined;
  /** The job does not start before this time, RFC 3339. */
  startAfter?: string | undefined;
  /** The longest wait for the start in milliseconds; after it the job fails. */
  startTimeoutMs?: number | undefined;
  /** The longest time from the start to the end of the render, in milliseconds. */
  timeoutMs?: number | undefined;
  /** More fields of the order's `parameters`. The call's own options override them. */
  parameters?: Record<string, unknown> | undefined;
}

/** Reads `providerOptions.reelay`; throws an `InvalidArgumentError` that names each bad field. */
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

/** The values in the API's description. `satisfies` fails to compile if they change. */
const PROVIDERS = { demo: "demo", google: "google", omni: "omni", veo3: "veo3", vertex: "vertex" } as const satisfies {
  [Name in Provider]: Name;
};
const PERSON_GENERATION = {
  allow_adult: "allow_adult",
  allow_all: "allow_all",
  dont_allow: "dont_allow",
} as const satisfies { [Name in PersonGeneration]: Name };

/** Created at its first use, because most processes that load a provider order no video. */
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
