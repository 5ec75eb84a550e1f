// The least that a durable order costs: one call of a Durable Object that writes one row.
//
// POST /object has an object of its own for each order, as Reelay has; POST /row has one object for all.

import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

export class Floor extends DurableObject {
  constructor(state, env) {
    super(state, env);
    state.storage.sql.exec("CREATE TABLE IF NOT EXISTS entry (id TEXT PRIMARY KEY, body TEXT NOT NULL)");
  }

  async fetch(request) {
    const id = crypto.randomUUID();
    this.ctx.storage.sql.exec("INSERT INTO entry (id, body) VALUES (?, ?)", id, await request.text());
    return Response.json({ generationId: id }, { status: 201 });
  }
}

export default class extends WorkerEntrypoint {
  async fetch(request) {
    if (request.method !== "POST") return new Response(null, { status: 405 });
    const name = new URL(request.url).pathname === "/row" ? "one" : crypto.randomUUID();
    return this.env.FLOOR.get(this.env.FLOOR.idFromName(name)).fetch(request);
  }
}
