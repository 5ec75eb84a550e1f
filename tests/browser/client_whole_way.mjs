// The client does what an app does with a generation: it orders, follows and changes it, and
// verifies its webhook.

import assert from "node:assert/strict";
import { createReelay, verifyWebhook } from "@reelay/client";
import { KEYS, ORIGIN } from "./lib/stage.mjs";

const SECRET = process.env.REELAY_WEBHOOK_SECRET;
const reelay = createReelay({ baseUrl: ORIGIN, apiKey: KEYS.service, userId: "u_client" });
const codeOf = (promise) => promise.then(() => "no error").catch(({ code }) => code);

/** All events of a generation until its end. */
async function story(id) {
  const events = [];
  for await (const event of reelay.events(id)) events.push(event);
  return events;
}

const idsOf = (steps) => steps.map(({ id }) => id);

/** The ids of the steps so far after this one. */
async function stepsAfter(lastEventId) {
  const ids = [];
  for await (const event of reelay.events(generationId, { lastEventId })) if (event.type === "step") ids.push(event.id);
  return ids;
}

/** The webhooks about a generation as the app received them, once there is one. */
async function webhooks(id) {
  for (;;) {
    const all = await (await fetch(`${process.env.UPSTREAM_ORIGIN}/__control/inbox`)).json();
    const about = all.filter(({ generationId }) => generationId === id);
    if (about.length > 0) return about;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

assert.equal((await reelay.health()).status, "ok");
assert.ok((await reelay.models()).models.length > 0);

// From the order to the file.
const order = { prompt: "A paper boat [[render:1000]]", parameters: { duration: 8 } };
const { generationId } = await reelay.create(order);
const told = [];
const [done, events] = await Promise.all([
  reelay.wait(generationId, { onProgress: ({ status }) => told.push(status) }),
  story(generationId),
]);
assert.equal(done.status, "completed");
assert.ok(told.length > 1 && told.at(-1) === "completed", `the reported statuses: ${told}`);
assert.deepEqual(events.at(-1), { type: "end", status: "completed" });
const steps = events.filter(({ type }) => type === "step");
assert.equal(steps[0].step, "created");
// A webhook may have been delivered since then, so there may be more steps.
assert.deepEqual((await stepsAfter("")).slice(0, steps.length), idsOf(steps));
assert.deepEqual((await stepsAfter(steps[0].id)).slice(0, steps.length - 1), idsOf(steps).slice(1));
const video = await fetch(await reelay.videoUrl(generationId));
assert.equal(video.headers.get("content-type"), "video/mp4");
assert.ok((await video.arrayBuffer()).byteLength > 0);
const again = await reelay.create({ ...order, generationId });
assert.equal(again.generationId, generationId);
const other = { ...order, prompt: "Something else", generationId };
assert.equal(await codeOf(reelay.create(other)), "idempotency_conflict");
assert.equal((await reelay.list({ status: "completed", search: "paper boat" })).data[0].generationId, generationId);

// The webhook, byte for byte as it was sent.
const [{ body, headers }] = await webhooks(generationId);
const event = await verifyWebhook(body, headers, SECRET);
assert.equal(event.event, "generation.completed");
assert.equal(event.generationId, generationId);
assert.ok(event.result.videoUrl.startsWith("http"));
assert.equal(await codeOf(verifyWebhook(`${body} `, headers, SECRET)), "invalid_signature");

// The user's actions.
const waiting = await reelay.create({ prompt: "A calm lake [[render:60000]]", confirm: true });
const held = await reelay.wait(waiting.generationId);
assert.equal(held.status, "pending_confirmation");
assert.notEqual((await reelay.confirm(held.id)).status, "pending_confirmation");
assert.equal(await codeOf(reelay.confirm(held.id)), "not_pending_confirmation");
assert.equal((await reelay.cancel(held.id)).status, "cancelled");
assert.equal(await codeOf(reelay.cancel(held.id)), "already_ended");
assert.equal((await reelay.wait(held.id)).status, "cancelled");
assert.notEqual((await reelay.retry(held.id)).status, "cancelled");
assert.equal((await reelay.cancel(held.id)).status, "cancelled");

// Another prompt for one that was filtered.
const filtered = await reelay.create({ prompt: "A storm [[result:rai]]" });
assert.equal((await reelay.wait(filtered.generationId)).status, "pending_clarification");
await reelay.clarify(filtered.generationId, { prompt: "A calm sea after the storm" });
assert.equal((await reelay.wait(filtered.generationId)).status, "completed");

// Refusals.
assert.equal(await codeOf(reelay.get("no-such-one")), "not_found");
assert.equal(await codeOf(reelay.get(generationId, { userId: "u_other" })), "not_found");
const refusal = await reelay.create({ prompt: "" }).catch((error) => error);
assert.deepEqual([refusal.code, refusal.status, refusal.errors[0].pointer], ["invalid_request", 400, "/prompt"]);
const stranger = createReelay({ baseUrl: ORIGIN, apiKey: "no token" });
assert.equal(await codeOf(stranger.get(generationId)), "unauthorized");
process.exit(0);
