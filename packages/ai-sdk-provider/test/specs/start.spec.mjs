// @ts-check
import { experimental_getVideoStatus as getVideoStatus, experimental_startVideo as startVideo } from "ai";
import { expect } from "chai";
import { describe, it } from "mocha";
import { useClock } from "../../../client/test/lib/clock.mjs";
import {
  created,
  failureOf,
  json,
  lost,
  problem,
  standing,
  tooMany,
  unavailable,
} from "../../../client/test/lib/worker.mjs";
import { BASE_URL, callOptions, PROMPT, providerWith } from "../lib/provider.mjs";

const OPERATION = { generationId: "g1", userId: "u1" };
const SIGNED = "https://reelay.test/video?signature=s";
const RESULT = { duration: 8, fileSize: 3, resolution: "720p", cost: 3.2, format: "mp4" };
const keysOf = (asked) => asked.map(({ headers }) => headers.get("idempotency-key"));

describe("startVideo", () => {
  const clock = useClock();

  it("gives an operation that another process can ask for, as JSON", async () => {
    const { model } = providerWith([created], { userId: "u1" });
    const { operation, providerMetadata, warnings } = await startVideo({ model, prompt: PROMPT });
    expect(JSON.parse(JSON.stringify(operation))).to.deep.equal({ generationId: "made-there", userId: "u1" });
    expect(providerMetadata).to.deep.equal({ reelay: { generationId: "made-there" } });
    expect(warnings).to.deep.equal([]);
    const another = providerWith([standing("queued")]);
    await getVideoStatus(another.model, { operation });
    expect(another.asked[0]?.path).to.equal("/api/generations/made-there");
    expect(another.asked[0]?.headers.get("x-user-id")).to.equal("u1");
  });

  it("is repeated by the SDK with one key, as often as that was told to", async () => {
    const { model, asked } = providerWith([lost, unavailable, created]);
    await startVideo({ model, prompt: PROMPT });
    expect(keysOf(asked)).to.have.length(3);
    expect(new Set(keysOf(asked)).size).to.equal(1);
    const once = providerWith([lost]);
    const error = await failureOf(startVideo({ model: once.model, prompt: PROMPT, maxRetries: 0 }));
    expect(error).to.include({ name: "AI_APICallError", isRetryable: true, url: `${BASE_URL}/api/generations` });
    expect(once.asked).to.have.length(1);
  });

  it("waits for as long as a 429 says", async () => {
    const { model } = providerWith([tooMany, created]);
    await startVideo({ model, prompt: PROMPT });
    expect(clock.pauses()).to.deep.equal([3000]);
  });

  it("keeps a key of the caller's, in letters of either case, and their generationId before any key", async () => {
    const { model, asked } = providerWith([created, created]);
    await startVideo({ model, prompt: PROMPT, headers: { "Idempotency-Key": "mine" } });
    await startVideo({ model, prompt: PROMPT, providerOptions: { reelay: { generationId: "g1" } } });
    expect(keysOf(asked)).to.deep.equal(["mine", null]);
    expect(asked[1]?.body.generationId).to.equal("g1");
  });

  it("without any key is repeated by the client alone, under one id", async () => {
    const { model, asked } = providerWith([lost, unavailable, unavailable]);
    const error = await failureOf(model.doStart(callOptions()));
    expect(error.isRetryable).to.equal(false);
    expect(new Set(asked.map(({ body }) => body.generationId)).size).to.equal(1);
    expect(asked).to.have.length(3);
  });

  it("does not repeat a refusal, and tells its code and bad fields", async () => {
    const errors = [{ pointer: "/parameters/duration", detail: "must be 4, 6 or 8" }];
    const { model, asked } = providerWith([problem(400, "invalid_request", { errors })]);
    const error = await failureOf(startVideo({ model, prompt: PROMPT }));
    expect(error).to.include({ statusCode: 400, isRetryable: false });
    const problems = [{ option: "duration", ...errors[0] }];
    expect(error.data).to.deep.equal({ code: "invalid_request", errors: problems });
    expect(error.message).to.equal("Reelay refuses this call: duration must be 4, 6 or 8.");
    expect(error.responseHeaders).to.include({ "x-request-id": "r1" });
    expect(asked).to.have.length(1);
  });

  it("that is aborted cancels nothing", async () => {
    const controller = new AbortController();
    const { model, lines } = providerWith([
      () => {
        controller.abort();
        return new Promise(() => {});
      },
    ]);
    const error = await failureOf(startVideo({ model, prompt: PROMPT, abortSignal: controller.signal }));
    expect(error).to.equal(controller.signal.reason);
    expect(lines()).to.deep.equal(["POST /api/generations"]);
  });

  it("refuses more than one video a start", async () => {
    const { model, asked } = providerWith([]);
    await failureOf(startVideo({ model, prompt: PROMPT, n: 2 }));
    expect(asked).to.deep.equal([]);
  });
});

describe("getVideoStatus", () => {
  const clock = useClock();

  it("tells how a job on its way stands", async () => {
    const { model } = providerWith([standing("queued", { phase: "queued", progress: 0, queuePosition: 4 })]);
    const status = await getVideoStatus(model, { operation: OPERATION });
    expect(status.status).to.equal("pending");
    expect(status.providerMetadata).to.deep.equal({
      reelay: { generationId: "g1", status: "queued", phase: "queued", progress: 0, queuePosition: 4 },
    });
  });

  it("gives the signed address of a completed one", async () => {
    const signed = json({ success: true, videoUrl: SIGNED, expiresAt: "", fileSize: 3 });
    const { model, lines } = providerWith([standing("completed", { result: RESULT, model: "veo-3.1" }), signed]);
    const { response, ...rest } = await getVideoStatus(model, { operation: OPERATION });
    expect(response.modelId).to.equal("veo-3.1");
    const { format: _, ...facts } = RESULT;
    expect(rest).to.deep.equal({
      status: "completed",
      videos: [{ type: "url", url: SIGNED, mediaType: "video/mp4" }],
      providerMetadata: { reelay: { generationId: "g1", videos: [facts] } },
      warnings: [],
    });
    expect(lines()).to.deep.equal(["GET /api/generations/g1", "GET /api/storage/videos/g1"]);
  });

  for (const [status, more, error] of /** @type {const} */ ([
    ["failed", { error: "It was refused.", errorCode: "provider_rejected_content" }, /^It was refused\.$/],
    ["cancelled", {}, /cancelled/],
    ["pending_clarification", { error: "No knives." }, /waits for another one: No knives\./],
    ["pending_confirmation", {}, /waits for confirmation/],
  ]))
    it(`is an error for a job that is ${status}`, async () => {
      const { model } = providerWith([standing(status, more)]);
      const told = await getVideoStatus(model, { operation: OPERATION });
      if (told.status !== "error") throw new Error(`It is ${told.status}.`);
      expect(told.error).to.match(error);
      expect(told.providerMetadata?.reelay).to.include({ status });
      if ("errorCode" in more) expect(told.providerMetadata?.reelay).to.include({ errorCode: more.errorCode });
    });

  it("is repeated by the SDK when it could not be asked", async () => {
    const { model, asked } = providerWith([lost, tooMany, standing("queued")]);
    expect((await getVideoStatus(model, { operation: OPERATION })).status).to.equal("pending");
    expect(asked).to.have.length(3);
    expect(clock.pauses()).to.have.length(2);
  });

  it("is not repeated for a job that there is not", async () => {
    const { model, asked } = providerWith([problem(404, "not_found")]);
    const error = await failureOf(getVideoStatus(model, { operation: OPERATION }));
    expect(error).to.include({ statusCode: 404, isRetryable: false });
    expect(asked).to.have.length(1);
  });

  it("refuses an operation of something else", async () => {
    for (const operation of [null, "g1", {}, { generationId: 1 }, { generationId: "g1", userId: 1 }, [], undefined]) {
      const { model, asked } = providerWith([]);
      const error = await failureOf(model.doStatus(/** @type {any} */ ({ operation })));
      expect(error.name).to.equal("AI_InvalidArgumentError");
      expect(asked).to.deep.equal([]);
    }
  });

  it("that is aborted cancels nothing", async () => {
    const controller = new AbortController();
    const { model, lines } = providerWith([
      () => {
        controller.abort();
        return new Promise(() => {});
      },
    ]);
    const failure = getVideoStatus(model, { operation: OPERATION, abortSignal: controller.signal });
    expect(await failureOf(failure)).to.equal(controller.signal.reason);
    expect(lines()).to.deep.equal(["GET /api/generations/g1"]);
  });
});
