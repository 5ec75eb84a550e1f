// The worker's answers have exactly the fields of the client's types.

import assert from "node:assert/strict";
import { createReelay, verifyWebhook } from "@reelay/client";
import * as answers from "./lib/answers.mjs";
import { KEYS, ORIGIN, until } from "./lib/stage.mjs";

const USER = "u_types";
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/** The schemas that no answer contains, and why. */
const OUT_OF_REACH = {
  BulkFilter: "only in requests",
  BulkRequest: "only in requests",
  Clarification: "only in requests",
  ClarificationResponses: "only in requests",
  LimitChanges: "only in requests",
  Order: "only in requests",
  OrderImage: "only in requests",
  OrderParameters: "only in requests",
  PauseScope: "only in requests",
};

const client = createReelay({
  baseUrl: ORIGIN,
  apiKey: KEYS.service,
  userId: USER,
  fetch: answers.recordingFetch,
});

/** Calls a method of the client, and records its result. */
async function reelay(method, ...args) {
  const result = await client[method](...args);
  answers.note(answers.resultOf(method), result);
  return result;
}

/** Sends a request without the client, and records its answer; returns its JSON. */
async function ask(method, path, { token = KEYS.service, body, type = "application/json", status } = {}) {
  const headers = { Authorization: `Bearer ${token}`, "X-User-Id": USER, "Content-Type": type };
  const response = await answers.recordingFetch(`${ORIGIN}${path}`, { method, headers, body });
  const answer = await response.json();
  if (status) assert.equal(response.status, status, `${method} ${path}: ${JSON.stringify(answer)}`);
  else assert.ok(response.ok, `${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

const operator = (method, path, more = {}) => ask(method, path, { token: KEYS.admin, ...more });
const refused = (method, path, status, more = {}) => ask(method, path, { ...more, status });
const order = (prompt, more = {}) => reelay("create", { prompt, parameters: { duration: 4 }, ...more });
const standing = (id, status) =>
  until(`${id} is ${status}`, async () => (await client.get(id)).status === status && reelay("get", id));
/** Waits until the generation has ended and its webhooks are settled. */
const settled = (id) => until(`${id} is done`, async () => (await client.get(id)).phase === "done");

// A waiting job with its reason; then its whole life until it is stored.
await operator("POST", "/api/queue/pause");
const image = { mimeType: "image/png", data: PNG };
const parameters = { duration: 8, aspectRatio: "16:9", resolution: "720p", image, mine: { kept: true } };
const { generationId: id } = await order("A boat [[render:1500]]", {
  parameters,
  metadata: { chat: "c" },
  priority: 3,
});
await until("its answer says that it is paused", async () => (await reelay("get", id)).blockedBy === "paused");
await order("Later", { startAfter: new Date(Date.now() + 3_600_000).toISOString() });
await reelay("list", { status: "queued" });
await operator("GET", "/api/queue/status");
await operator("POST", "/api/queue/resume");
for await (const event of client.events(id)) {
  answers.note("GenerationEvent", event);
  const { type, id: _, ...told } = event;
  const kind = { step: "StreamedStep", progress: "StreamedProgress", end: "StreamedEnd" }[type];
  answers.note(`import("@reelay/client").${kind}`, told, { $ref: `#/components/schemas/${kind}` });
}
assert.equal((await reelay("wait", id)).status, "completed");
await reelay("videoUrl", id);
await reelay("models");
await reelay("health");
await order("A boat [[render:1500]]", { parameters, metadata: { chat: "c" }, priority: 3, generationId: id });

// Every other state, and the action that leaves it.
const { generationId: running } = await order("It runs [[render:60000]]");
await standing(running, "processing");
await reelay("cancel", running);
await standing(running, "cancelled");
await reelay("retry", running);
await reelay("cancel", running);
const { generationId: held } = await order("Held [[render:60000]]", { confirm: true });
await standing(held, "pending_confirmation");
await reelay("confirm", held);
await reelay("cancel", held);
const { generationId: filtered } = await order("Filtered [[result:rai]]");
assert.equal((await reelay("wait", filtered)).status, "pending_clarification");
await refused("POST", `/api/generations/${filtered}/confirm`, 409);
await reelay("clarify", filtered, { prompt: "A calm one" });
assert.equal((await reelay("wait", filtered)).status, "completed");
const { generationId: failed } = await order("Fails [[result:error:3]]");
assert.equal((await reelay("wait", failed)).status, "failed");
await settled(id);

// Lists, operators' views, and the other answers.
await reelay("list", { limit: 1 });
await reelay("list", { search: "boat" });
for (const path of ["timeline", "deliveries"]) await ask("GET", `/api/generations/${id}/${path}`);
for (const path of ["metrics?window=1h", `queue/jobs/${id}`]) await ask("GET", `/api/${path}`);
for (const path of ["queue/status", "metrics?window=7d", "whoami"]) await operator("GET", `/api/${path}`);
for (const { path, forOperators } of answers.READS) await (forOperators ? operator : ask)("GET", path);
const deliveries = await until("a webhook was delivered", async () => {
  const { data } = await operator("GET", "/api/webhooks/deliveries?state=delivered");
  return data.length > 0 && data;
});
await operator("POST", `/api/webhooks/deliveries/${deliveries[0].eventId ?? deliveries[0].id}/redeliver`);
await operator("POST", "/api/webhooks/recover?since=2026-01-01T00:00:00Z");
await operator("POST", "/api/webhooks/test");
await operator("POST", "/api/alerts/test");
await ask("DELETE", `/api/storage/videos/${id}`);
await reelay("get", id);
await operator("POST", "/api/cron/cleanup");

// What operators change without a deploy.
const steer = (method, path, body) => operator(method, path, { body: JSON.stringify(body) });
await steer("POST", "/api/queue/pause", { provider: "vertex" });
await operator("GET", "/api/queue/status");
await steer("POST", "/api/queue/resume", { provider: "vertex" });
await steer("PATCH", "/api/queue/settings", { maxConcurrentJobs: 4 });
await steer("PATCH", "/api/queue/settings", { maxConcurrentJobs: null });
const some = { action: "retry", filter: { userId: USER, status: "failed", createdAfter: "2026-01-01T00:00:00Z" } };
const { count: matching, maxCost } = await steer("POST", "/api/bulk", some);
assert.ok(matching > 0 && maxCost > 0, "failed generations match");
const run = { ...some, dryRun: false, count: matching, maxCost };
const { bulk } = await steer("POST", "/api/bulk", run);
await operator("GET", "/api/bulk");
const isOver = ({ id }) =>
  until("the bulk is over", async () => (await operator("GET", `/api/bulk/${id}`)).bulk.endedAt);
await isOver(bulk);
await operator("POST", "/api/queue/pause");
// A small bulk may end before it is stopped.
await until("a bulk is stopped", async () => {
  await Promise.all(Array.from({ length: 30 }, () => client.create({ prompt: "Given up", model: "demo" })));
  const queued = { action: "cancel", filter: { userId: USER, status: "queued" } };
  const said = await steer("POST", "/api/bulk", queued);
  const cancels = await steer("POST", "/api/bulk", { ...queued, dryRun: false, count: said.count, maxCost: 0 });
  const headers = { Authorization: `Bearer ${KEYS.admin}` };
  const address = `${ORIGIN}/api/bulk/${cancels.bulk.id}/stop`;
  const stopped = await answers.recordingFetch(address, { method: "POST", headers });
  await isOver(cancels.bulk);
  return stopped.ok;
});
await operator("POST", "/api/queue/resume");

// Refusals.
await refused("POST", "/api/generations", 400, { body: '{"prompt":"","parameters":{"duration":99}}' });
await refused("POST", "/api/generations", 400, { body: "{" });
await refused("POST", "/api/generations", 415, { body: "text", type: "text/plain" });
await refused("GET", "/api/whoami", 401, { token: "none" });
await refused("POST", "/api/queue/pause", 403);
await refused("GET", "/api/generations/none", 404);
await refused("POST", `/api/generations/${id}/cancel`, 409);
await refused("POST", "/api/generations", 422, { body: JSON.stringify({ generationId: id, prompt: "Another" }) });
const spender = { Authorization: "Bearer dev_u_spends", "Content-Type": "application/json" };
const dearOne = '{"prompt":"Dear [[render:60000]]","parameters":{"duration":8}}';
await until("the day's limit is reached", async () => {
  const init = { method: "POST", headers: spender, body: dearOne };
  return (await answers.recordingFetch(`${ORIGIN}/api/generations`, init)).status === 402;
});
const { data: dear } = await (await fetch(`${ORIGIN}/api/generations?limit=100`, { headers: spender })).json();
for (const { id: spent } of dear)
  await fetch(`${ORIGIN}/api/generations/${spent}/cancel`, { method: "POST", headers: spender });
await fetch(`${process.env.UPSTREAM_ORIGIN}/__control/faults`, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: '{"marks":"[[submit:429-retry:22s]]"}',
});
await order("Too much at once");
await until("the queue records the backoff", async () => {
  const { status } = await operator("GET", "/api/queue/status");
  return status.upstreams.some(({ backoffUntil }) => backoffUntil);
});
await until("the sweep finds that the video service accepts no submits", async () => {
  await fetch(`${ORIGIN}/__scheduled?cron=*+*+*+*+*`);
  const { status } = await operator("GET", "/api/queue/status");
  return status.alerts.some(({ type }) => type === "upstream_unavailable");
});
const hurried = { headers: { Authorization: "Bearer dev_u_hurries" } };
// A new period may begin between two requests.
await until("too many requests are refused", async () => {
  await Promise.all(Array.from({ length: 410 }, () => answers.recordingFetch(`${ORIGIN}/api/whoami`, hurried)));
  return answers.metProblems.has(429);
});

// Every webhook as the app received it, and the messages about alerts, which have no `event`.
const inbox = await (await fetch(`${process.env.UPSTREAM_ORIGIN}/__control/inbox`)).json();
const kinds = new Set();
for (const { body } of inbox.filter(({ event }) => !event))
  answers.note(`import("@reelay/client").Alert`, JSON.parse(body), { $ref: "#/components/schemas/Alert" });
for (const { body, headers, event } of inbox.filter(({ event }) => event)) {
  const schema = event === "webhook.test" ? "TestEventBody" : "Event";
  answers.note(`import("@reelay/client").${schema}`, JSON.parse(body), { $ref: `#/components/schemas/${schema}` });
  answers.note("WebhookEvent", await verifyWebhook(body, headers, process.env.REELAY_WEBHOOK_SECRET));
  kinds.add(event);
}
assert.equal(kinds.size, 7, `webhooks: ${[...kinds]}`);

const count = answers.compile();
const left = answers.JSON_OPERATIONS.filter((name) => !answers.metOperations.has(name));
assert.deepEqual(left, [], "operations without a recorded answer");
const unseen = answers.SCHEMAS.filter((name) => !answers.metSchemas.has(name));
assert.deepEqual(unseen, Object.keys(OUT_OF_REACH).sort(), "schemas that no answer contains");
assert.deepEqual([...answers.metProblems].sort(), [400, 401, 402, 403, 404, 409, 415, 422, 429]);
console.log(
  `${count} values match the types: ${answers.metOperations.size} of ${answers.JSON_OPERATIONS.length} operations, ` +
    `${answers.metSchemas.size} of ${answers.SCHEMAS.length} schemas, ${kinds.size} webhooks; ` +
    `left out: ${unseen.map((name) => `${name} (${OUT_OF_REACH[name]})`).join(", ")}`,
);
process.exit(0);
