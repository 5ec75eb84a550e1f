// The least that storing a video costs: the upstream's response, put unchanged.
//
// POST / {url, apiKey, name} responds with the time that this took in milliseconds, by the worker's
// own clock.

import { WorkerEntrypoint } from "cloudflare:workers";

export default class extends WorkerEntrypoint {
  async fetch(request) {
    if (request.method !== "POST") return new Response(null, { status: 405 });
    const { url, apiKey, name } = await request.json();
    const began = Date.now();
    const response = await fetch(url, { headers: { "x-goog-api-key": apiKey } });
    await this.env.VIDEOS.put(name, response.body);
    return Response.json({ tookMs: Date.now() - began });
  }
}
