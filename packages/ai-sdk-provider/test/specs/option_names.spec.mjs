// @ts-check
import { expect } from "chai";
import { describe, it } from "mocha";
import { failureOf, json, problem } from "../../../client/test/lib/worker.mjs";
import { callOptions, providerWith } from "../lib/provider.mjs";

const PNG = { type: "file", mediaType: "image/png", data: "iVBORw0KGgo=" };
const first = { frameImages: [{ frameType: "first_frame", image: PNG }] };
const reelay = (options) => ({ providerOptions: { reelay: options } });

/** The message of a refusal of one field. */
async function told(pointer, detail, more = {}) {
  const { model } = providerWith([problem(400, "invalid_request", { errors: [{ pointer, detail }] })]);
  const { message, data } = await failureOf(model.doGenerate(callOptions(more)));
  return { sentence: /^Reelay refuses this call: (.*)\.$/.exec(message)?.[1], errors: data.errors };
}

describe("a refusal names what the caller of the SDK has set", () => {
  for (const [pointer, detail, more, sentence] of /** @type {[string, string, any, string][]} */ ([
    ["/prompt", "must show something", {}, "prompt must show something"],
    ["/model", "must be one of a, b", {}, "model must be one of a, b"],
    [
      "/parameters/duration",
      "must be one of 4, 6, 8 seconds for m",
      { duration: 5 },
      "duration must be one of 4, 6, 8 seconds for m",
    ],
    [
      "/parameters/resolution",
      "must be one of 720p, 1080p, 4k for m",
      {},
      "resolution must be one of 1280x720, 1920x1080, 3840x2160 for m",
    ],
    [
      "/parameters/resolution",
      "1080p needs a duration of 8 seconds, not 4",
      { resolution: "1080x1920" },
      "resolution 1080x1920 needs a duration of 8 seconds, not 4",
    ],
    ["/parameters/lastFrame", "needs an image as the first frame", {}, "frameImages needs an image as the first frame"],
    [
      "/parameters/duration",
      "must be one of 8 seconds with image and lastFrame for m",
      first,
      "duration must be one of 8 seconds with two frameImages for m",
    ],
    [
      "/parameters/image",
      "cannot go with referenceImages for m: send one of them",
      {},
      "prompt.image cannot go with inputReferences for m: send one of them",
    ],
    ["/parameters/image/data", "must be an image", first, "frameImages must be an image"],
    ["/parameters/referenceImages/1/data", "must be an image", {}, "inputReferences[1] must be an image"],
    [
      "/parameters/referenceImages",
      "cannot go with image for m",
      first,
      "inputReferences cannot go with frameImages for m",
    ],
    [
      "/parameters/negativePrompt",
      "is not supported by m",
      {},
      "providerOptions.reelay.negativePrompt is not supported by m",
    ],
    ["/provider", "must be one of a", {}, "providerOptions.reelay.provider must be one of a"],
    ["/metadata/a", "must be a string", {}, "providerOptions.reelay.metadata.a must be a string"],
    [
      "/parameters/conversationId",
      "must be a string",
      reelay({ parameters: { conversationId: 1 } }),
      "providerOptions.reelay.parameters.conversationId must be a string",
    ],
    [
      "/parameters/seed",
      "must be a number",
      reelay({ parameters: { seed: "x" } }),
      "providerOptions.reelay.parameters.seed must be a number",
    ],
    ["/userId", "must name the user", {}, "providerOptions.reelay.userId must name the user"],
    ["X-User-Id", "must name the user", {}, "providerOptions.reelay.userId must name the user"],
    [
      "Idempotency-Key",
      "names two orders (see generationId)",
      {},
      'headers["idempotency-key"] names two orders (see providerOptions.reelay.generationId)',
    ],
  ]))
    it(`${pointer} ${detail}`, async () => {
      const { sentence: seen, errors } = await told(pointer, detail, more);
      expect(seen).to.equal(sentence);
      // Programs also get Reelay's own name.
      expect(errors[0].pointer).to.equal(pointer);
    });

  it("says in the SDK's words what to do about a generation that is not found", async () => {
    const detail = "There is no such generation: name its user as ?userId= or X-User-Id.";
    const { model } = providerWith([problem(404, "not_found", { detail, error: detail })]);
    const error = await failureOf(model.doStatus({ operation: { generationId: "g1" } }));
    expect(error.message).to.contain("providerOptions.reelay.userId").and.not.to.contain("X-User-Id");
  });

  it("warns of what Reelay did nothing with", async () => {
    const warnings = [{ pointer: "/parameters/mood", detail: "is not a field of an order" }];
    const answer = json({ success: true, generationId: "g1", status: "queued", warnings }, 201);
    const { model } = providerWith([answer]);
    const { warnings: seen } = await model.doStart(callOptions(reelay({ parameters: { mood: "calm" } })));
    expect(seen).to.deep.equal([
      {
        type: "unsupported",
        feature: "providerOptions.reelay.parameters.mood",
        details: "is not a field of an order",
      },
    ]);
  });
});
