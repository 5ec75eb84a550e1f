// The usual implementation: one object per job, whose alarm submits, polls at a fixed interval,
// stores the video and calls the app once, unsigned. It has no queue, limits or retries, and may
// pay twice.

import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

export class Job extends DurableObject {
  constructor(state, env) {
    super(state, env);
    state.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS job (id TEXT NOT NULL, prompt TEXT NOT NULL, status TEXT NOT NULL, operation TEXT)",
    );
  }

  async fetch(request) {
    const { id, prompt } = await request.json();
    this.ctx.storage.sql.exec("INSERT INTO job (id, prompt, status) VALUES (?, ?, 'queued')", id, prompt);
    await this.ctx.storage.setAlarm(Date.now() + 1);
    return Response.json({ generationId: id }, { status: 201 });
  }

  async alarm() {
    const job = this.ctx.storage.sql.exec("SELECT * FROM job").one();
    if (job.status === "queued") return this.#submit(job);
    const operation = await this.#ask(job.operation);
    if (operation.done) return this.#finish(job, operation);
    await this.#askLater();
  }

  async #submit(job) {
    const address = `${this.env.UPSTREAM}/v1beta/models/${this.env.MODEL}:predictLongRunning`;
    const body = { instances: [{ prompt: job.prompt }], parameters: { durationSeconds: 8 } };
    const response = await fetch(address, { method: "POST", headers: this.#headers(), body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`the upstream answered ${response.status}`);
    const { name } = await response.json();
    this.ctx.storage.sql.exec("UPDATE job SET status = 'processing', operation = ?", name);
    await this.#askLater();
  }

  async #ask(operation) {
    const response = await fetch(`${this.env.UPSTREAM}/v1beta/${operation}`, { headers: this.#headers() });
    return response.json();
  }

  async #finish(job, operation) {
    const [sample] = operation.response.generateVideoResponse.generatedSamples;
    // The local upstream returns Google's own address.
    const { pathname, search } = new URL(sample.video.uri);
    const video = await fetch(`${this.env.UPSTREAM}${pathname}${search}`, { headers: this.#headers() });
    await this.env.VIDEOS.put(job.id, video.body);
    this.ctx.storage.sql.exec("UPDATE job SET status = 'completed'");
    const event = { event: "generation.completed", generationId: job.id };
    await fetch(`${this.env.APP}/api/webhooks/worker`, { method: "POST", body: JSON.stringify(event) });
  }

  #headers() {
    return { "content-type": "application/json", "x-goog-api-key": this.env.API_KEY };
  }

  #askLater() {
    return this.ctx.storage.setAlarm(Date.now() + Number(this.env.POLL_INTERVAL_MS));
  }
}

export default class extends WorkerEntrypoint {
  async fetch(request) {
    if (request.method !== "POST") return new Response(null, { status: 405 });
    const { prompt } = await request.json();
    const id = crypto.randomUUID();
    const job = this.env.JOB.get(this.env.JOB.idFromName(id));
    return job.fetch("https://job/", { method: "POST", body: JSON.stringify({ id, prompt }) });
  }
}
