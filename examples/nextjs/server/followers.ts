/**
 * Follows on the worker what is running, for its progress alone, while somebody looks at it. Nothing of it is stored: the
 * webhook says how a generation ends.
 */
import { ReelayError } from "@reelay/client";
import { tell } from "./changes";
import { worker } from "./worker";

/** What the worker last said of a generation. */
export interface Live {
  status: string;
  /** 0 to 100. */
  progress: number | null;
}

/** How many generations of one user are followed at a time: the newest. */
const FOLLOWED = 20;
/** How long after a stream that could not be had the next one is tried, in milliseconds. */
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

/** What is known of a generation while it is followed. */
export const live = (id: string): Live | undefined => known.get(id);

/** One more page of a user's is open. */
export function open(userId: string): void {
  const entry = watched.get(userId) ?? { pages: 0, streams: new Map() };
  entry.pages += 1;
  watched.set(userId, entry);
}

/** One page of a user's was closed; after the last one nothing of theirs is followed. */
export function close(userId: string): void {
  const entry = watched.get(userId);
  if (!entry) return;
  entry.pages -= 1;
  if (entry.pages > 0) return;
  follow(userId, []);
  watched.delete(userId);
}

/** Follows these generations of a user, and no others. */
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
      // Only progress is lost; the webhook comes whatever happens here.
      if (error instanceof ReelayError && !error.retryable) return;
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
