// @ts-check
import { expect } from "chai";
import { describe, it } from "mocha";
import { created, failureOf } from "../../../client/test/lib/worker.mjs";
import { callOptions, everythingOf, MODEL, PROMPT, providerWith } from "../lib/provider.mjs";

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const PNG_BASE64 = "iVBORw0KGgo=";
const file = (mediaType, data) => ({ type: "file", mediaType, data });

/** The order of a call, and its warnings. */
async function ordered(more) {
  const { model, asked } = providerWith([created]);
  const { warnings } = await model.doStart(callOptions(more));
  const order = asked[0]?.body;
  delete order.generationId;
  return { order, warnings };
}

describe("what is ordered for a call", () => {
  it("is the prompt and the model, and nothing that was not said", async () => {
    const { order, warnings } = await ordered({});
    expect(order).to.deep.equal({ prompt: PROMPT, model: MODEL, parameters: {} });
    expect(warnings).to.deep.equal([]);
  });

  it("has every setting that Reelay knows", async () => {
    const settings = { aspectRatio: "9:16", resolution: "720x1280", duration: 8, seed: 7, generateAudio: false };
    const { order, warnings } = await ordered(settings);
    const parameters = { aspectRatio: "9:16", resolution: "720p", duration: 8, seed: 7, generateAudio: false };
    expect(order.parameters).to.deep.equal(parameters);
    expect(warnings).to.deep.equal([]);
  });

  for (const [size, resolution, aspectRatio] of [
    ["640x360", "360p", "16:9"],
    ["720x1280", "720p", "9:16"],
    ["1920x1080", "1080p", "16:9"],
    ["2160x3840", "4k", "9:16"],
  ])
    it(`says ${resolution} and ${aspectRatio} for ${size}`, async () => {
      expect((await ordered({ resolution: size })).order.parameters).to.deep.equal({ resolution, aspectRatio });
    });

  it("leaves out what Reelay does not know, with a warning of each", async () => {
    const { order, warnings } = await ordered({
      n: 2,
      fps: 24,
      resolution: "100x100",
      aspectRatio: "adaptive",
      webhookUrl: "https://app.test/hook",
      inputReferences: [file("video/mp4", PNG)],
    });
    expect(order.parameters).to.deep.equal({});
    expect(warnings.map((warning) => `${warning.type} ${"feature" in warning && warning.feature}`)).to.have.members(
      ["n", "fps", "resolution", "aspectRatio", "webhookUrl", "inputReferences"].map((name) => `unsupported ${name}`),
    );
  });

  it("tells when two settings contradict each other, and which of them counts", async () => {
    const first = { frameType: "first_frame", image: file("image/png", PNG) };
    const more = {
      aspectRatio: "9:16",
      resolution: "1280x720",
      image: file("image/jpeg", "aaaa"),
      frameImages: [first],
    };
    const { order, warnings } = await ordered(more);
    expect(order.parameters).to.include({ aspectRatio: "9:16", resolution: "720p" });
    expect(order.parameters.image.data).to.equal(PNG_BASE64);
    expect(warnings.map((warning) => "feature" in warning && warning.feature)).to.deep.equal([
      "resolution",
      "prompt.image",
    ]);
  });

  it("has images as base64, from bytes and from base64", async () => {
    const frame = (frameType, image) => ({ frameType, image });
    const { order } = await ordered({
      image: file("image/jpeg", "anVzdCBub3Q="),
      frameImages: [frame("last_frame", file("image/jpeg", "bGFzdA==")), frame("first_frame", file("image/png", PNG))],
      inputReferences: [file("image/jpg", "cmVm")],
    });
    expect(order.parameters).to.deep.equal({
      image: { mimeType: "image/png", data: PNG_BASE64 },
      lastFrame: { mimeType: "image/jpeg", data: "bGFzdA==" },
      referenceImages: [{ mimeType: "image/jpeg", data: "cmVm" }],
    });
  });

  it("loads an image from its address, without the key of the worker, and sees by its bytes what it is", async () => {
    const image = () => new Response(PNG, { headers: { "Content-Type": "application/octet-stream" } });
    const { model, asked } = providerWith([image, created]);
    await model.doStart(callOptions({ image: { type: "url", url: "https://images.test/a.png?signature=secret" } }));
    expect(new Headers(asked[0]?.headers).has("authorization")).to.equal(false);
    expect(asked.map(({ cache }) => cache)).to.deep.equal(["no-store", "no-store"]);
    expect(asked[1]?.body.parameters.image).to.deep.equal({ mimeType: "image/png", data: PNG_BASE64 });
  });

  for (const [what, answers, url] of /** @type {const} */ ([
    ["is not there", [() => new Response("no", { status: 404 })], "https://images.test/a.png?signature=secret"],
    ["is too large", [() => new Response(new Uint8Array(7 * 1024 * 1024 + 1))], "https://images.test/a?secret"],
    ["is none", [() => new Response("<html>")], "https://images.test/a?signature=secret"],
    ["lies on this machine", [], "http://127.0.0.1:9/secret"],
  ]))
    it(`orders nothing when an image ${what}, and does not tell its address`, async () => {
      const { model, asked } = providerWith([...answers]);
      const error = await failureOf(model.doStart(callOptions({ image: { type: "url", url } })));
      expect(error.name).to.equal("AI_InvalidArgumentError");
      expect(everythingOf(error)).not.to.contain("secret");
      expect(asked.filter(({ method }) => method === "POST")).to.deep.equal([]);
    });

  it("is nothing when a framework ends the render while an image is loaded: its error passes", async () => {
    const digest = Object.assign(new Error("dynamic"), { digest: "DYNAMIC_SERVER_USAGE" });
    const { model, asked } = providerWith([() => Promise.reject(digest)]);
    const image = { type: "url", url: "https://images.test/a.png" };
    const error = await failureOf(model.doStart(callOptions({ image })));
    expect(error === digest).to.equal(true);
    expect(asked).to.have.length(1);
  });

  it("is nothing for images of another type or size, or without a prompt", async () => {
    for (const more of [
      { image: file("image/webp", PNG) },
      { image: file("image/png", new Uint8Array(7 * 1024 * 1024 + 1)) },
      { prompt: undefined },
      { prompt: "" },
    ]) {
      const { model, asked } = providerWith([]);
      const error = await failureOf(model.doGenerate(callOptions(more)));
      expect(error.name).to.equal("AI_InvalidArgumentError");
      expect(asked).to.deep.equal([]);
    }
  });

  it("takes an image of exactly 7 MiB", async () => {
    const { order } = await ordered({ image: file("image/png", new Uint8Array(7 * 1024 * 1024)) });
    expect(order.parameters.image.data).to.have.length(9786712);
  });

  it("has what providerOptions.reelay says", async () => {
    const { model, asked } = providerWith([created], { userId: "provider" });
    const reelay = {
      userId: "call",
      provider: "vertex",
      priority: 3,
      negativePrompt: "rain",
      personGeneration: "allow_adult",
      metadata: { chat: "c1" },
      generationId: "g1",
      startAfter: "2030-01-01T00:00:00Z",
      startTimeoutMs: 3_600_000,
      timeoutMs: 60_000,
      parameters: { conversationId: "c1", duration: 4, seed: 1 },
    };
    await model.doStart(callOptions({ duration: 8, providerOptions: { reelay } }));
    expect(asked[0]?.headers.get("x-user-id")).to.equal("call");
    expect(asked[0]?.body).to.deep.equal({
      prompt: PROMPT,
      model: MODEL,
      provider: "vertex",
      priority: 3,
      metadata: { chat: "c1" },
      generationId: "g1",
      startAfter: "2030-01-01T00:00:00Z",
      startTimeoutMs: 3_600_000,
      timeoutMs: 60_000,
      parameters: {
        conversationId: "c1",
        duration: 8,
        seed: 1,
        negativePrompt: "rain",
        personGeneration: "allow_adult",
      },
    });
  });

  it("is nothing for options that are wrong or unknown; each is named, and no value told", async () => {
    const { model, asked } = providerWith([]);
    const reelay = { priority: 11, provider: "somebody-secret", negativeprompt: "secret", metadata: { a: 1 } };
    const error = await failureOf(model.doStart(callOptions({ providerOptions: { reelay } })));
    expect(error.name).to.equal("AI_InvalidArgumentError");
    for (const name of ["priority", "metadata.a", "provider"])
      expect(error.message).to.contain(`providerOptions.reelay.${name}:`);
    expect(error.message).to.contain("negativeprompt");
    expect(everythingOf(error)).not.to.contain("secret");
    expect(asked).to.deep.equal([]);
  });
});
