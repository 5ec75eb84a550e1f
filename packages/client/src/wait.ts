import type { Connection } from "./connection.js";
import type { Generation, Status } from "./description.js";
import type { CallOptions, WaitOptions } from "./options.js";
import { pause } from "./retry.js";

const POLL_INTERVAL_MS = 2_000;
const MOVING: Status[] = ["queued", "processing"];

/** Waits until the generation at `path` has ended or waits for somebody. */
export async function waitFor(
  _connection: Connection,
  _path: string,
  get: (options: CallOptions) => Promise<Generation>,
  options: WaitOptions,
): Promise<Generation> {
  for (;;) {
    const generation = await get(options);
    options.onProgress?.(generation);
    if (!MOVING.includes(generation.status)) return generation;
    await pause(options.pollIntervalMs ?? POLL_INTERVAL_MS, options.signal);
  }
}
