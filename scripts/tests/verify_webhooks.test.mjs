// The Python function of docs/verify-webhooks.md.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../lib/paths.mjs";

const PAGE = readFileSync(join(ROOT, "docs/verify-webhooks.md"), "utf8");
const CODE = /^```python\n([\s\S]*?)^```$/m.exec(PAGE)[1];
/** A row of the page's last table. */
const row = (name) => new RegExp(`^\\| ${name} \\| \`(.*)\` \\|$`, "m").exec(PAGE)[1];
const SECRET = row("secret");
const NOW = 1614265330;
const SIGNED = {
  body: row("body"),
  secrets: SECRET,
  headers: {
    "Webhook-Id": row("`webhook-id`"),
    "Webhook-Timestamp": row("`webhook-timestamp`"),
    "Webhook-Signature": row("`webhook-signature`"),
  },
};
const OTHER = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;

/** What the function returns, or the sentence of its error. */
function verified(request, now = NOW) {
  const script = `${CODE}
import sys
request = json.load(sys.stdin)
try:
    event = verify_webhook(request["body"].encode(), request["headers"], request["secrets"], now=request["now"])
    print(json.dumps({"event": event}))
except ValueError as error:
    print(json.dumps({"error": str(error)}))
`;
  const options = { input: JSON.stringify({ ...request, now }), encoding: "utf8" };
  const { status, stdout, stderr } = spawnSync("python3", ["-c", script], options);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

const withHeaders = (headers) => ({ ...SIGNED, headers: { ...SIGNED.headers, ...headers } });

test("the documented request is verified", () => {
  assert.deepEqual(verified(SIGNED), { event: { test: 2432232314 } });
});

test("one match of several secrets and signatures is enough", () => {
  assert.ok(verified({ ...SIGNED, secrets: `${OTHER}, ${SECRET}` }).event);
  const signature = SIGNED.headers["Webhook-Signature"];
  assert.ok(verified(withHeaders({ "Webhook-Signature": `v1,AAAA v1a,BBBB ${signature}` })).event);
});

test("a signature by the formula of the page is verified", () => {
  const [id, time, body] = ["msg_é", String(NOW), '{"prompt":"été 🎬"}'];
  const key = Buffer.from(OTHER.slice("whsec_".length), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64");
  const headers = { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": `v1,${signature}` };
  assert.deepEqual(verified({ body, secrets: OTHER, headers }).event, JSON.parse(body));
});

test("anything else is refused", () => {
  const refused = [
    { ...SIGNED, body: SIGNED.body.replace("4", "5") },
    { ...SIGNED, secrets: OTHER },
    { ...SIGNED, secrets: "" },
    { ...SIGNED, secrets: "whsec_" },
    { ...SIGNED, secrets: "whsec_not base64!" },
    withHeaders({ "Webhook-Id": "msg_other" }),
    withHeaders({ "Webhook-Signature": "" }),
    withHeaders({ "Webhook-Signature": "v1," }),
    withHeaders({ "Webhook-Signature": SIGNED.headers["Webhook-Signature"].replace("v1,", "v2,") }),
    withHeaders({ "Webhook-Timestamp": "now" }),
    withHeaders({ "Webhook-Timestamp": String(NOW + 1) }),
  ];
  for (const request of refused) assert.ok(verified(request).error, JSON.stringify(request));
  assert.ok(verified(SIGNED, NOW + 301).error, "too old");
  assert.ok(verified(SIGNED, NOW - 301).error, "too new");
});
