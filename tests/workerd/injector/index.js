// The worker with an additional route into its queues, for tests: messages that no correct sender
// would send, such as repeated, outdated or unreadable ones. All other requests go to the worker
// unchanged.
//
// POST /__inject/{queue}?delay=S&type=json|text, body: a JSON array of messages; `queue` is a binding of the
// sections that the harness adds to the test's wrangler.toml.

import { WorkerEntrypoint } from "cloudflare:workers";
import Reelay from "./build/index.js";

export * from "./build/index.js";

const DOOR = "/__inject/";

async function inject(request, env, url) {
  const queue = env[`INJECT_${url.pathname.slice(DOOR.length)}`];
  if (!queue) return new Response("no such queue", { status: 404 });
  const delaySeconds = Number(url.searchParams.get("delay") ?? 0);
  const contentType = url.searchParams.get("type") ?? "json";
  for (const message of await request.json()) await queue.send(message, { contentType, delaySeconds });
  return new Response(null, { status: 204 });
}

/** For a binding of the worker to itself that never answers. */
export class Silent extends WorkerEntrypoint {
  fetch() {
    return new Promise((resolve) => setTimeout(resolve, 3_600_000));
  }
}

export default class extends Reelay {
  async fetch(request) {
    const url = new URL(request.url);
    return url.pathname.startsWith(DOOR) ? inject(request, this.env, url) : super.fetch(request);
  }
}
