// An app of Vercel's AI SDK takes its videos from Reelay: the package `@reelay/ai-sdk-provider` with the real `ai`.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createReelay } from "@reelay/ai-sdk-provider";
import { createReelay as createClient } from "@reelay/client";
import { experimental_generateVideo as generateVideo, experimental_startVideo as startVideo } from "ai";
import { KEYS, ORIGIN } from "./lib/stage.mjs";

const ROOT = new URL("../..", import.meta.url);
const SAMPLE = readFileSync(new URL("tools/fake-upstream/assets/sample.mp4", ROOT));
const model = createReelay({ baseURL: ORIGIN, apiKey: KEYS.service, userId: "u_sdk" }).video("veo-3.1-generate-001");
const client = createClient({ baseUrl: ORIGIN, apiKey: KEYS.service, userId: "u_sdk" });

/** The prompts of what the video service was paid for. */
async function paid() {
  const { accepted } = await (await fetch(`${process.env.UPSTREAM_ORIGIN}/__control/render-stats`)).json();
  return accepted.map(({ prompt }) => prompt);
}

/** The same question from another process, which knows the operation alone. */
function statusElsewhere(operation) {
  const program = `
    import { reelay } from "@reelay/ai-sdk-provider";
    import { experimental_getVideoStatus as getVideoStatus } from "ai";
    const operation = ${JSON.stringify(operation)};
    const { videos, ...answer } = await getVideoStatus(reelay.video("veo-3.1-generate-001"), { operation });
    const bytes = videos?.map(({ data }) => Buffer.from(data).toString("base64"));
    console.log(JSON.stringify({ ...answer, bytes }));`;
  const env = { ...process.env, REELAY_URL: ORIGIN, REELAY_API_KEY: KEYS.service };
  const args = ["--input-type=module", "--eval", program];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: ROOT, env, encoding: "utf8" }));
}

// The one line that an app changes.
const { video, providerMetadata, warnings } = await generateVideo({
  model,
  prompt: "A paper boat",
  aspectRatio: "16:9",
  resolution: "1280x720",
  duration: 8,
});
assert.ok(SAMPLE.equals(video.uint8Array), "the very bytes of the file");
assert.equal(video.mediaType, "video/mp4");
assert.deepEqual(warnings, []);
const [facts] = providerMetadata.reelay.videos;
assert.deepEqual([facts.duration, facts.resolution, facts.fileSize], [8, "720p", SAMPLE.length]);
assert.ok(facts.cost > 0);
const { parameters } = await client.get(providerMetadata.reelay.generationId);
assert.deepEqual(parameters, { aspectRatio: "16:9", resolution: "720p", duration: 8 });

// Started here, asked for elsewhere, for a user that the operation names.
const started = await startVideo({
  model,
  prompt: "A kite [[render:1500]]",
  providerOptions: { reelay: { userId: "u_other" } },
});
const early = statusElsewhere(started.operation);
assert.equal(early.status, "pending");
assert.equal(early.providerMetadata.reelay.generationId, started.operation.generationId);
await client.wait(started.operation.generationId, { userId: "u_other" });
const late = statusElsewhere(started.operation);
assert.equal(late.status, "completed");
assert.equal(late.bytes[0], SAMPLE.toString("base64"));

// A refused prompt is one clear error, and was ordered once.
const refused = await generateVideo({ model, prompt: "Refused [[result:rai]]" }).catch((error) => error);
assert.equal(refused.name, "AI_APICallError");
const failed = await client.get(refused.data.generationId);
assert.equal(refused.message, failed.error);
assert.equal(refused.data.code, "provider_rejected_content");
assert.equal((await client.list({ search: "Refused" })).data.length, 1);

// Nobody waits any more: it is cancelled.
const abort = new AbortController();
const left = generateVideo({ model, prompt: "Left alone [[render:60000]]", abortSignal: abort.signal });
const leaving = left.catch((error) => error);
for (;;) if ((await paid()).some((prompt) => prompt.startsWith("Left alone"))) break;
abort.abort(new Error("left"));
assert.equal((await leaving).message, "left");
const [cancelled] = (await client.list({ search: "Left alone" })).data;
assert.equal(cancelled.status, "cancelled");

// One key, asked for twice at once: one order, one render.
const once = () => startVideo({ model, prompt: "Only once", headers: { "idempotency-key": "key-1" } });
const [first, second] = await Promise.all([once(), once()]);
assert.deepEqual(first.operation, second.operation);
assert.equal((await client.wait(first.operation.generationId)).status, "completed");
assert.equal((await paid()).filter((prompt) => prompt.startsWith("Only once")).length, 1);
process.exit(0);
