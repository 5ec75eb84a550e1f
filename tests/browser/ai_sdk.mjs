// Vercel's SDK makes videos with Reelay: immediately, in two processes, refused, aborted, and with
// lost answers.
//
// No page is opened; the harness only runs the script.

import { deepEqual, equal, match } from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createReelay } from "@reelay/ai-sdk-provider";
import { createReelay as createClient } from "@reelay/client";
import {
  APICallError,
  experimental_generateVideo as generateVideo,
  experimental_getVideoStatus as getVideoStatus,
  experimental_startVideo as startVideo,
} from "ai";

const ORIGIN = process.env.REELAY_ORIGIN;
const KEY = process.env.REELAY_SERVICE_KEY;
const MODEL = "veo-3.1-generate-001";
const USER = "the-sdks-user";
const SAMPLE = new URL("../../tools/fake-upstream/assets/sample.mp4", import.meta.url);
const STATUS = fileURLToPath(new URL("lib/video_status.mjs", import.meta.url));
const LONGEST_WAIT_MS = 60_000;

globalThis.AI_SDK_LOG_WARNINGS = false;
const settings = { baseURL: ORIGIN, apiKey: KEY, userId: USER };
const model = createReelay(settings).video(MODEL);
const client = createClient({ baseUrl: ORIGIN, apiKey: KEY, userId: USER });
const sample = new Uint8Array(await readFile(SAMPLE));

await makesTheVeryVideo();
await isAskedForByAnotherProcess();
await tellsWhyItFailed();
await isCancelledByAnAbort();
await isPaidForOnceUnderOneKey();
await isPaidForOnceWhenTheAnswerIsLost();

async function makesTheVeryVideo() {
  const prompt = "A kite over the dunes";
  const image = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGMAAQAAAAUAAQAKLbQAAAAASUVORK5CYII=",
    "base64",
  );
  const { video, warnings, providerMetadata } = await generateVideo({
    model,
    prompt: { text: prompt, image },
    resolution: "720x1280",
    duration: 8,
    fps: 24,
  });
  deepEqual(video.uint8Array, sample);
  equal(video.mediaType, "video/mp4");
  deepEqual(
    warnings.map(({ feature }) => feature),
    ["fps"],
  );
  const { generationId, videos } = providerMetadata.reelay;
  equal(videos[0].fileSize, sample.length);
  equal(videos[0].cost > 0, true);
  const { parameters, userId } = await client.get(generationId);
  deepEqual([parameters.resolution, parameters.aspectRatio, parameters.duration], ["720p", "9:16", 8]);
  equal(userId, USER);
  equal(await paid(prompt), 1);
}

async function isAskedForByAnotherProcess() {
  const { operation } = await startVideo({ model, prompt: "A kite for two processes [[render:300]]" });
  equal((await getVideoStatus(model, { operation })).status, "pending");
  await client.wait(operation.generationId);
  const env = { ...process.env, REELAY_URL: ORIGIN, REELAY_API_KEY: KEY };
  const { stdout } = await promisify(execFile)(process.execPath, [STATUS, MODEL, JSON.stringify(operation)], { env });
  const { status, videos, providerMetadata } = JSON.parse(stdout);
  equal(status, "completed");
  deepEqual(videos, [{ type: "binary", bytes: sample.length }]);
  equal(providerMetadata.reelay.generationId, operation.generationId);
}

async function tellsWhyItFailed() {
  const prompt = "A kite that is refused [[result:rai]]";
  const error = await failure(generateVideo({ model, prompt }));
  equal(APICallError.isInstance(error), true);
  equal(error.data.code, "provider_rejected_content");
  const { error: sentence, status } = await client.get(error.data.generationId);
  equal(status, "failed");
  equal(error.message, sentence);
  equal((await client.list({ search: "A kite that is refused" })).data.length, 1);
  const unknown = await failure(generateVideo({ model, prompt: "A kite of no length", duration: 99 }));
  equal(unknown.statusCode, 400);
  match(unknown.data.errors[0].pointer, /duration/);
  match(unknown.message, /^Reelay refuses this call: duration must be /);
}

async function isCancelledByAnAbort() {
  const controller = new AbortController();
  const generationId = "a-kite-that-is-let-go";
  const prompt = "A kite that is let go [[result:never]]";
  const options = { model, prompt, abortSignal: controller.signal, providerOptions: { reelay: { generationId } } };
  const made = failure(generateVideo(options));
  await until(async () => {
    const { data } = await client.list({ search: generationId });
    return data.length > 0;
  });
  for await (const { status } of client.events(generationId)) if (status === "processing") break;
  controller.abort();
  equal((await made).name, "AbortError");
  equal((await client.get(generationId)).status, "cancelled");
}

async function isPaidForOnceUnderOneKey() {
  const order = { model, prompt: "A kite asked for twice", headers: { "Idempotency-Key": "one-kite" } };
  const [first, second] = [await startVideo(order), await startVideo(order)];
  deepEqual(first.operation, second.operation);
  await client.wait(first.operation.generationId);
  equal(await paid(order.prompt), 1);
}

async function isPaidForOnceWhenTheAnswerIsLost() {
  for (const [prompt, poll] of [
    ["A kite lost on the way", undefined],
    ["A kite lost while polling", { intervalMs: 50 }],
  ]) {
    let lost = 0;
    const losing = async (input, init) => {
      const answer = await fetch(input, init);
      if (init.method !== "POST" || lost === 2) return answer;
      lost += 1;
      throw new TypeError("the answer was lost");
    };
    const lossy = createReelay({ ...settings, fetch: losing }).video(MODEL);
    const { video } = await generateVideo({ model: lossy, prompt, poll });
    deepEqual(video.uint8Array, sample);
    equal(lost, 2);
    equal(await paid(prompt), 1);
  }
}

/** How often the upstream was paid for a prompt. */
async function paid(prompt) {
  const operations = await (await fetch(`${process.env.UPSTREAM_ORIGIN}/__control/operations`)).json();
  return operations.filter((operation) => operation.prompt === prompt).length;
}

async function failure(promise) {
  const value = await promise.catch((error) => error);
  if (!(value instanceof Error)) throw new Error("The call succeeded, but it must fail.");
  return value;
}

async function until(probe) {
  const deadline = performance.now() + LONGEST_WAIT_MS;
  while (!(await probe())) {
    if (performance.now() > deadline) throw new Error("The condition was not met within a minute.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
