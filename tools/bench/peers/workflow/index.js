// The same job as a Cloudflare Workflow: submit, poll until done, store the video in R2, call the
// app with a signed webhook. The result of each step is durable, and a step that throws is repeated.
// It has no queue, limits, budgets, users, lists or metrics.
//
// POST / {id, prompt} answers 201; the same id again starts nothing.

import { WorkerEntrypoint, WorkflowEntrypoint } from "cloudflare:workers";

/** Nothing tells the upstream that a submit is a repeat, so a repeat could pay twice. */
const ONCE = { retries: { limit: 0, delay: 0 } };

export class Render extends WorkflowEntrypoint {
  async run({ instanceId: id, payload: { prompt } }, step) {
    const operation = await step.do("submit", ONCE, () => this.#submit(prompt));
    let address = null;
    while (!address) {
      await step.sleep("wait", Number(this.env.POLL_INTERVAL_MS));
      address = await step.do("poll", () => this.#poll(operation));
    }
    const fileSize = await step.do("store", () => this.#store(id, address));
    const event = { event: "generation.completed", generationId: id, status: "completed", result: { fileSize } };
    await step.do("notify", () => this.#notify(`msg_${id}`, JSON.stringify(event)));
  }

  async #submit(prompt) {
    const path = `/v1beta/models/${this.env.MODEL}:predictLongRunning`;
    const body = { instances: [{ prompt }], parameters: { durationSeconds: 8 } };
    const response = await this.#ask(path, { method: "POST", body: JSON.stringify(body) });
    return (await response.json()).name;
  }

  /** The address of the video, or null while it renders. */
  async #poll(operation) {
    const { done, error, response } = await (await this.#ask(`/v1beta/${operation}`)).json();
    if (error) throw new Error(error.message);
    return done ? response.generateVideoResponse.generatedSamples[0].video.uri : null;
  }

  async #store(id, address) {
    // The local upstream returns Google's own address.
    const { pathname, search } = new URL(address);
    const video = await this.#ask(pathname + search);
    const { size } = await this.env.VIDEOS.put(id, video.body, { httpMetadata: { contentType: "video/mp4" } });
    return size;
  }

  async #notify(id, body) {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const secret = decode(this.env.WEBHOOK_SECRET.replace("whsec_", ""));
    const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`${id}.${timestamp}.${body}`));
    const headers = {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${encode(new Uint8Array(signature))}`,
    };
    const response = await fetch(`${this.env.APP}/api/webhooks/worker`, { method: "POST", headers, body });
    if (!response.ok) throw new Error(`the app answered ${response.status}`);
  }

  async #ask(path, init = {}) {
    const headers = { "content-type": "application/json", "x-goog-api-key": this.env.API_KEY };
    const response = await fetch(this.env.UPSTREAM + path, { ...init, headers });
    if (!response.ok) throw new Error(`the upstream answered ${response.status}`);
    return response;
  }
}

const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const encode = (bytes) => btoa(String.fromCharCode(...bytes));

export default class extends WorkerEntrypoint {
  async fetch(request) {
    if (request.method !== "POST") return new Response(null, { status: 405 });
    if (request.headers.get("authorization") !== `Bearer ${this.env.ORDER_KEY}`)
      return new Response(null, { status: 401 });
    const { id, prompt } = await request.json();
    if (typeof prompt !== "string" || prompt.length < 3) return new Response(null, { status: 400 });
    try {
      await this.env.RENDER.create({ id, params: { prompt } });
    } catch (error) {
      if (error.message.includes("already_exists")) return Response.json({ generationId: id });
      throw error;
    }
    return Response.json({ generationId: id, status: "queued" }, { status: 201 });
  }
}
