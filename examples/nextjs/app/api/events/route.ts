import { listen } from "../../../server/changes";
import { type Entry, entriesOf, isOpen } from "../../../server/entries";
import { close, follow, open } from "../../../server/followers";
import { visitor } from "../../../server/visitor";

/** How often the database is polled for other processes' changes, in milliseconds. */
const LOOK_MS = 2_000;
/** How soon the browser reconnects after the stream was cut, in milliseconds. */
const RETRY_MS = 1_000;

/**
 * Server-Sent Events for one page: first all of the user's entries, then each changed one. After a
 * reconnection the page gets all of them again, so that it misses nothing.
 */
export async function GET(request: Request): Promise<Response> {
  const userId = await visitor();
  if (!userId) return new Response("Open the page first.", { status: 401 });
  const headers = { "Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-transform" };
  return new Response(changesOf(userId, request.signal), { headers });
}

function changesOf(userId: string, gone: AbortSignal): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let end = () => {};
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const sent = new Map<string, string>();
      const look = () => {
        const entries = entriesOf(userId);
        const changed = entries.filter((entry) => news(sent, entry));
        // A comment keeps the connection alive, and detects when it is broken.
        const text = changed.map((entry) => `data: ${JSON.stringify(entry)}\n\n`).join("") || ": nothing new\n\n";
        controller.enqueue(encoder.encode(text));
        follow(
          userId,
          entries.filter(isOpen).map(({ id }) => id),
        );
      };
      // One page's broken stream must not fail the caller that announces the change, such as the
      // webhook's route.
      const lookOrEnd = () => {
        try {
          look();
        } catch (error) {
          end();
          controller.error(error);
        }
      };
      controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`));
      open(userId);
      const deaf = listen(userId, lookOrEnd);
      const timer = setInterval(lookOrEnd, LOOK_MS);
      let ended = false;
      end = () => {
        if (ended) return;
        ended = true;
        deaf();
        clearInterval(timer);
        close(userId);
      };
      gone.addEventListener("abort", end, { once: true });
      lookOrEnd();
    },
    cancel: () => end(),
  });
}

/** Whether an entry differs from the version sent last; records the new version. */
function news(sent: Map<string, string>, entry: Entry): boolean {
  const text = JSON.stringify(entry);
  if (sent.get(entry.id) === text) return false;
  sent.set(entry.id, text);
  return true;
}
