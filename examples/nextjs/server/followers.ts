/**
 * Follows running generations on the worker while a page is open, only for their progress. None of
 * it is stored: the webhook reports how a generation ends.
 */
import { ReelayError } from "@reelay/client";
import { tell } from "./changes";
import { worker } from "./worker";

/** The worker's last report about a generation. */
export interface Live {
  status: string;
  /** 0 to 100. */
  progress: number | null;
}

/** How many generations of one user are followed at a time; these are the newest. */
const FOLLOWED = 20;
/** How long after a failed stream the next one is opened, in milliseconds. */
const AGAIN_MS = 2_000;

interface Watched {
  pages: number;
  streams: Map<string, AbortController>;
}

const kept = globalThis as typeof globalThis & {
  exampleWatched?: Map<string, Watched>;
  exampleLive?: Map<string, Live>;
};
kept.exampleWatched ??= new Map();
kept.exampleLive ??= new Map();
const watched = kept.exampleWatched;
const known = kept.exampleLive;

/** The last report about a generation, while it is followed. */
export const live = (id: string): Live | undefined => known.get(id);

/** Counts one more open page of a user. */
export function open(userId: string): void {
  const entry = watched.get(userId) ?? { pages: 0, streams: new Map() };
  entry.pages += 1;
  watched.set(userId, entry);
}

/** Counts one open page fewer; after the last one the user's generations are no longer followed. */
export function close(userId: string): void {
  const entry = watched.get(userId);
  if (!entry) return;
  entry.pages -= 1;
  if (entry.pages > 0) return;
  follow(userId, []);
  watched.delete(userId);
}

/** Follows exactly these generations of a user. */
export function follow(userId: string, ids: string[]): void {
  const entry = watched.get(userId);
  if (!entry) return;
  const wanted = new Set(ids.slice(-FOLLOWED));
  for (const [id, stream] of entry.streams) {
    if (wanted.has(id)) continue;
    entry.streams.delete(id);
    known.delete(id);
    stream.abort();
  }
  for (const id of wanted) {
    if (entry.streams.has(id)) continue;
    const stream = new AbortController();
    entry.streams.set(id, stream);
    void read(userId, id, stream.signal);
  }
}

async function read(userId: string, id: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const event of worker().events(id, { userId, signal })) {
        if (signal.aborted) return;
        const progress = event.type === "end" ? null : (event.progress ?? null);
        if (event.status) known.set(id, { status: event.status, progress });
        tell(userId);
      }
      return;
    } catch (error) {
      // Only progress is lost; the webhook arrives in any case.
      if (error instanceof ReelayError && !error.retryable) return;
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
