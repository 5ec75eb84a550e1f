import { listen } from "../../../server/changes";
import { type Entry, entriesOf, isOpen } from "../../../server/entries";
import { close, follow, open } from "../../../server/followers";
import { visitor } from "../../../server/visitor";

/** How often the database is looked at for what another process has changed, in milliseconds. */
const LOOK_MS = 2_000;
/** How soon the browser comes back after the stream was cut, in milliseconds. */
const RETRY_MS = 1_000;

/**
 * Server-Sent Events for one page: first all of the user's entries, then each that has changed. After a break the page starts
 * anew with all of them, so nothing is missed.
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
        // A comment shows that the connection stands, and finds out when it does not.
        const text = changed.map((entry) => `data: ${JSON.stringify(entry)}\n\n`).join("") || ": nothing new\n\n";
        controller.enqueue(encoder.encode(text));
        follow(
          userId,
          entries.filter(isOpen).map(({ id }) => id),
        );
      };
      // Whoever told of the change, such as the webhook's route, is not to fail by one page's stream: that page comes back.
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

/** Whether an entry differs from what was sent of it, which is noted. */
function news(sent: Map<string, string>, entry: Entry): boolean {
  const text = JSON.stringify(entry);
  if (sent.get(entry.id) === text) return false;
  sent.set(entry.id, text);
  return true;
}
