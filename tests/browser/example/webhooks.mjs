// A repeated webhook changes nothing more, and a forged one changes nothing.

import { createHmac } from "node:crypto";
import Database from "better-sqlite3";
import { becomes, openChat, say } from "../lib/chat.mjs";
import { APP, check, KEYS, ORIGIN, scenario, until } from "../lib/stage.mjs";

const KEY = Buffer.from(process.env.REELAY_WEBHOOK_SECRET.replace("whsec_", ""), "base64");
const database = new Database(process.env.APP_DATABASE, { readonly: true });

await scenario(async ({ page }) => {
  await openChat(page);
  await becomes(await say(page, "A kite with two webhooks"), "completed");
  const row = database.prepare("SELECT * FROM generations ORDER BY created_at DESC, rowid DESC LIMIT 1").get();

  const before = contents();
  await sendAgain(row);
  check(contents() === before, "a webhook sent again changes nothing");

  const event = {
    event: "generation.completed",
    jobId: row.id,
    generationId: row.id,
    userId: row.user_id,
    status: "completed",
    progress: 100,
    result: { videoUrl: "https://example.com/again.mp4", format: "mp4" },
    timestamp: new Date().toISOString(),
    sequence: row.sequence + 1,
  };
  const body = JSON.stringify(event);
  const signed = sign("msg_of_the_tests", body);
  const forged = [
    [body, sign("msg_forged", body, { key: Buffer.alloc(32, 7) })],
    [body.replace("again.mp4", "other.mp4"), signed],
    [body, sign("msg_old", body, { ageSeconds: 3_600 })],
    [body, {}],
  ];
  for (const [text, headers] of forged) {
    const status = await post(text, headers);
    check(status === 401, `a forged webhook is refused: ${status}`);
  }
  check(contents() === before, "a forged webhook changes nothing");

  const late = JSON.stringify({ ...event, event: "generation.cancelled", status: "cancelled", sequence: row.sequence });
  check((await post(late, sign("msg_late", late))) === 204, "a late event is accepted");
  const status = database.prepare("SELECT status FROM generations WHERE id = ?").pluck().get(row.id);
  check(status === "completed", `a late event changes nothing: ${status}`);

  const statuses = [...(await Promise.all([post(body, signed), post(body, signed)])), await post(body, signed)];
  check(
    statuses.every((status) => status === 204),
    `three concurrent copies: ${statuses}`,
  );
  const count = (query, value) => database.prepare(query).pluck().get(value);
  check(count("SELECT count(*) FROM webhooks WHERE id = ?", "msg_of_the_tests") === 1, "its id is stored once");
  const answers = "SELECT count(*) FROM messages WHERE role = 'assistant' AND generation_id = ?";
  check(count(answers, row.id) === 1, "there is one message");
});

/** Redelivers a generation's webhook as an operator, and waits until it was delivered. */
async function sendAgain({ id, user_id }) {
  const headers = { Authorization: `Bearer ${KEYS.admin}`, "X-User-Id": user_id };
  const steps = async (step) => {
    const text = await (await fetch(`${ORIGIN}/api/generations/${id}/timeline`, { headers })).text();
    return text.split(`"${step}"`).length - 1;
  };
  await until("the first webhook was delivered", async () => (await steps("webhook_delivered")) === 1);
  const answer = await (await fetch(`${ORIGIN}/api/generations/${id}/deliveries`, { headers })).text();
  const [message] = /msg_[A-Za-z0-9_-]+/.exec(answer);
  const path = `${ORIGIN}/api/webhooks/deliveries/${message}/redeliver`;
  const { status } = await fetch(path, { method: "POST", headers });
  check(status < 300, `the redelivery is accepted: ${status}`);
  await until("it was delivered again", async () => (await steps("webhook_delivered")) === 2);
}

/** Everything in the app's database. */
function contents() {
  const tables = ["generations", "messages", "webhooks"];
  return JSON.stringify(tables.map((table) => database.prepare(`SELECT * FROM ${table} ORDER BY id`).all()));
}

/** A webhook's headers according to Standard Webhooks. */
function sign(id, body, { key = KEY, ageSeconds = 0 } = {}) {
  const timestamp = String(Math.floor(Date.now() / 1000) - ageSeconds);
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}

async function post(body, headers) {
  const options = { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body };
  return (await fetch(`${APP}/api/webhooks/worker`, options)).status;
}
