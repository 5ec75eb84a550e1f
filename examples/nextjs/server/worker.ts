import { createReelay } from "@reelay/client";
import { setting } from "./settings";

/** The timeout of one attempt, in milliseconds: a visitor waits for it. */
const ATTEMPT_MS = 10_000;

/** The worker, called with the service key: each call names the user. */
export const worker = () =>
  createReelay({
    baseUrl: setting("REELAY_URL"),
    apiKey: setting("REELAY_API_KEY"),
    timeoutMs: ATTEMPT_MS,
    maxRetries: 1,
  });
