// @ts-check
import { NoSuchModelError } from "@ai-sdk/provider";
import { createReelay } from "@reelay/ai-sdk-provider";
import { experimental_getVideoStatus as getVideoStatus, experimental_startVideo as startVideo } from "ai";
import { expect } from "chai";
import { describe, it } from "mocha";
import { API_KEY, BASE_URL, call, failureOf, PROMPT, problem, VIDEO_URL, workerWith } from "../lib/worker.mjs";

const PNG = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]);
const PNG_BASE64 = btoa(String.fromCharCode(...PNG));

/** What a call is ordered as, and what of it could not be followed. */
async function ordered(more) {
  const { model, asked } = workerWith();
  const { warnings } = await /** @type {any} */ (model).doStart(call(more));
  return { order: asked.at(-1).body, headers: asked.at(-1).headers, warnings };
}

/** How an operation stands. */
async function statusOf(stands) {
  const { model } = workerWith({ stands });
  const { operation } = await startVideo({ model, prompt: PROMPT });
  return getVideoStatus(model, { operation: JSON.parse(JSON.stringify(operation)) });
}

describe("the video model", () => {
  it("has what the SDK asks of a provider, and no other kind of model", () => {
    const { reelay, model } = workerWith();
    expect(model).to.include({ specificationVersion: "v4", maxVideosPerCall: 1, modelId: "veo-3.1-generate-001" });
    for (const kind of /** @type {const} */ (["languageModel", "embeddingModel", "imageModel"]))
      expect(() => reelay[kind]("any")).to.throw(NoSuchModelError);
  });

  it("tells at the first call which setting is missing", async () => {
    const model = createReelay({ apiKey: "k" }).video("veo-3.1-generate-001");
    expect((await failureOf(/** @type {any} */ (model).doStart(call()))).message).to.include("REELAY_URL");
  });

  it("orders what the call says", async () => {
    const reelay = { userId: "u_2", negativePrompt: "rain", metadata: { a: "b" }, parameters: { chat: "c1" } };
    const more = { aspectRatio: "9:16", resolution: "1920x1080", duration: 4, seed: 7, generateAudio: false };
    const { order, headers, warnings } = await ordered({ ...more, providerOptions: { reelay } });
    const parameters = { aspectRatio: "9:16", resolution: "1080p", duration: 4, seed: 7, generateAudio: false };
    expect(order.parameters).to.deep.equal({ ...parameters, negativePrompt: "rain", chat: "c1" });
    expect(order).to.include({ prompt: PROMPT, model: "veo-3.1-generate-001", userId: "u_2" });
    expect(order.metadata).to.deep.equal({ a: "b" });
    expect(headers.get("x-user-id")).to.equal("u_2");
    expect(warnings).to.deep.equal([]);
  });

  it("orders first and last frames and reference images with their bytes", async () => {
    const file = { type: "file", mediaType: "image/png", data: PNG };
    const last = { type: "file", mediaType: "image/png", data: PNG_BASE64 };
    const { order } = await ordered({
      image: file,
      frameImages: [{ frameType: "last_frame", image: last }],
      inputReferences: [file],
    });
    const image = { mimeType: "image/png", data: PNG_BASE64 };
    expect(order.parameters).to.deep.equal({ image, lastFrame: image, referenceImages: [image] });
  });

  it("warns of what it cannot follow", async () => {
    const video = { type: "file", mediaType: "video/mp4", data: PNG };
    const more = { fps: 24, n: 2, aspectRatio: "adaptive", resolution: "100x100", webhookUrl: "https://a.test" };
    const { order, warnings } = await ordered({ ...more, inputReferences: [video] });
    const features = warnings.map(({ feature }) => feature).sort();
    expect(features).to.deep.equal(["aspectRatio", "fps", "inputReferences", "n", "resolution", "webhook"]);
    expect(order.parameters).to.deep.equal({});
  });

  it("loads images from public hosts alone, and does not tell their address", async () => {
    const { model, asked } = workerWith();
    const image = { type: "url", url: "http://127.0.0.1/a?signature=secret" };
    const error = await failureOf(/** @type {any} */ (model).doStart(call({ image })));
    expect(error.message).to.include("public host");
    expect(JSON.stringify(error) + error.stack).not.to.include("secret");
    expect(asked).to.deep.equal([]);
  });

  it("refuses a call without a prompt and options that it does not know, and tells no values", async () => {
    const { model } = workerWith();
    const start = (more) => failureOf(/** @type {any} */ (model).doStart(call(more)));
    expect((await start({ prompt: undefined })).message).to.equal("Reelay needs a prompt.");
    const error = await start({ providerOptions: { reelay: { priority: "secret", colour: 1 } } });
    expect(error.message).to.include("priority must be a number; colour is not known");
    expect(JSON.stringify(error)).not.to.include("secret");
  });

  it("tells how far it is, that it is done, and why it will not be", async () => {
    const pending = await statusOf({ status: "processing" });
    expect(pending.status).to.equal("pending");
    expect(pending.providerMetadata?.reelay).to.include({ status: "processing", phase: "rendering", progress: 40 });
    const result = { videoUrl: VIDEO_URL, duration: 8, fileSize: 4, resolution: "720p", cost: 3.2 };
    const completed = await statusOf({ status: "completed", result });
    if (completed.status !== "completed") throw new Error(completed.status);
    expect(completed.providerMetadata?.reelay?.videos).to.deep.equal([
      { duration: 8, fileSize: 4, resolution: "720p", cost: 3.2 },
    ]);
    const failed = await statusOf({ status: "failed", error: "It was refused.", errorCode: "invalid_request" });
    expect(failed).to.deep.include({ status: "error", error: "It was refused." });
    expect(failed.providerMetadata?.reelay).to.include({ errorCode: "invalid_request" });
    const asks = await statusOf({ status: "pending_clarification", error: "The prompt was refused." });
    expect(asks).to.include({ error: "The generation waits for another prompt: The prompt was refused." });
  });

  it("gives the address of a video, and its bytes where the worker is on this machine", async () => {
    const on = async (videoUrl) => {
      const before = ({ path }) => (path.includes("/video") ? new Response(PNG) : undefined);
      const result = { videoUrl, duration: 8, fileSize: 8, resolution: "720p", cost: 0 };
      const { model } = workerWith({ before, stands: { status: "completed", result } });
      const { videos } = await /** @type {any} */ (model).doGenerate(call());
      return videos[0];
    };
    expect(await on(VIDEO_URL)).to.deep.equal({ type: "url", url: VIDEO_URL, mediaType: "video/mp4" });
    for (const host of ["127.0.0.1", "localhost", "[::1]"])
      expect((await on(`http://${host}:8787/api/generations/x/video?signature=s`)).data).to.deep.equal(PNG);
  });

  it("tells errors as the SDK knows them, without the key or the prompt", async () => {
    const { model } = workerWith({ before: () => problem(402, "budget_exceeded", true, { "Retry-After": "60" }) });
    const headers = { "idempotency-key": "k" };
    const error = await failureOf(/** @type {any} */ (model).doStart(call({ headers })));
    expect(error).to.include({ name: "AI_APICallError", statusCode: 402, message: "This is budget_exceeded." });
    expect(error.url).to.equal(`${BASE_URL}/api/generations`);
    expect(error.responseHeaders["retry-after"]).to.equal("60");
    expect(error.data).to.include({ code: "budget_exceeded" });
    const all = JSON.stringify(error) + error.stack;
    for (const secret of [API_KEY, PROMPT]) expect(all).not.to.include(secret);
  });
});
