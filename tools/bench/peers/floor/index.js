// The least that a durable order costs: one call of a Durable Object that writes one row.
//
// POST /object uses a separate object for each order, as Reelay does; POST /row uses one object for
// all. POST /both is the least with a queue: first the order's own object, with an alarm as a
// fallback, then a row in the one object that orders the jobs.

import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

const TIMER_MS = 3_600_000;

export class Floor extends DurableObject {
  constructor(state, env) {
    super(state, env);
    state.storage.sql.exec("CREATE TABLE IF NOT EXISTS entry (id TEXT PRIMARY KEY, body TEXT NOT NULL)");
  }

  async fetch(request) {
    const id = crypto.randomUUID();
    if (new URL(request.url).pathname === "/both") await this.ctx.storage.setAlarm(Date.now() + TIMER_MS);
    this.ctx.storage.sql.exec("INSERT INTO entry (id, body) VALUES (?, ?)", id, await request.text());
    return Response.json({ generationId: id }, { status: 201 });
  }

  alarm() {}
}

export default class extends WorkerEntrypoint {
  async fetch(request) {
    if (request.method !== "POST") return new Response(null, { status: 405 });
    const { origin, pathname } = new URL(request.url);
    if (pathname === "/row") return this.object("one").fetch(request);
    const first = await this.object(crypto.randomUUID()).fetch(request);
    if (pathname !== "/both") return first;
    return this.object("one").fetch(`${origin}/row`, { method: "POST", body: await first.text() });
  }

  object(name) {
    return this.env.FLOOR.get(this.env.FLOOR.idFromName(name));
  }
}
