// Runs the built client inside workerd, without nodejs_compat, and prints how many tests passed.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { bodyOf, OTHER_SECRET, requestOf } from "../lib/webhook.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const COMPATIBILITY_DATE = "2026-01-01";

async function bundle() {
  const options = { entryPoints: [here("worker.mjs")], bundle: true, format: "esm", write: false, logLevel: "error" };
  return (await build(options)).outputFiles[0].text;
}

const worker = (name, script, more = {}) => ({
  name,
  modules: [{ type: "ESModule", path: "index.mjs", contents: script }],
  compatibilityDate: COMPATIBILITY_DATE,
  compatibilityFlags: [],
  ...more,
});
const app = { bindings: { API_KEY: "key" }, outboundService: "reelay" };
const script = await bundle();
const workers = [
  worker("app", script, app),
  // A compatibility date before workerd supported the option `cache`.
  worker("old", script, { ...app, compatibilityDate: "2024-09-23" }),
  worker("reelay", readFileSync(here("stub.mjs"), "utf8")),
];
const miniflare = new Miniflare(convertV4MiniflareOptions({ host: "127.0.0.1", workers }));
const body = bodyOf("generation.completed");
/** The worker's response to a webhook at this path. */
const send = async (path, secret) => {
  const headers = Object.fromEntries(requestOf(body, secret ? { secret } : {}).headers);
  return miniflare.dispatchFetch(`https://app.test${path}`, { method: "POST", headers, body });
};
const read = async (path) => (await miniflare.dispatchFetch(`https://app.test${path}`)).json();
const readOld = async (path) => (await (await miniflare.getWorker("old")).fetch(`https://app.test${path}`)).json();

const promises = {
  "verifies a webhook": async () => assert.equal(await (await send("/verify")).json(), "generation.completed"),
  "refuses a forged one": async () =>
    assert.equal(await (await send("/verify", OTHER_SECRET)).json(), "invalid_signature"),
  "handles a webhook": async () => assert.equal((await send("/webhook")).status, 204),
  "handles no forged one": async () => assert.equal((await send("/webhook", OTHER_SECRET)).status, 401),
  "orders a video with the platform's own fetch": async () => assert.equal((await read("/create")).generationId, "g1"),
  "orders one where requests know no cache": async () => {
    assert.equal(await readOld("/knows-cache"), false);
    assert.equal((await readOld("/create")).generationId, "g1");
  },
  "waits for its end by live events": async () =>
    assert.deepEqual(await read("/wait"), { status: "completed", told: [5, 60] }),
};

let passed = 0;
try {
  for (const [name, keep] of Object.entries(promises)) {
    try {
      await keep();
      passed += 1;
    } catch (error) {
      console.error(`in workerd: ${name}\n${error.stack}`);
      process.exitCode = 1;
    }
  }
  console.log(`${passed} passed`);
} finally {
  await miniflare.dispose();
}
