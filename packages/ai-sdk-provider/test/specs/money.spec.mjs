// @ts-check
import { experimental_generateVideo as generateVideo, experimental_startVideo as startVideo } from "ai";
import { expect } from "chai";
import { describe, it } from "mocha";
import { call, failureOf, PROMPT, problem, workerWith } from "../lib/worker.mjs";

const isOrder = ({ method, path }) => method === "POST" && path === "/api/generations";
const lost = () => {
  throw new TypeError("fetch failed");
};
const download = async () => ({ data: new Uint8Array([1]), mediaType: "video/mp4" });

describe("no call of the SDK's pays for two videos", function () {
  // The client's and the SDK's own waits between attempts are real.
  this.timeout(60_000);

  it("orders once when the answer to the order is lost", async () => {
    let losses = 1;
    const { model, generations, asked } = workerWith({
      after: (request) => isOrder(request) && losses-- > 0 && lost(),
    });
    await generateVideo({ model, prompt: PROMPT, download });
    expect(asked.filter(isOrder)).to.have.length(2);
    expect(generations.size).to.equal(1);
  });

  it("gives up, and is not repeated by the SDK, when every answer to the order is lost", async () => {
    const { model, generations, asked } = workerWith({ after: (request) => isOrder(request) && lost() });
    const error = await failureOf(generateVideo({ model, prompt: PROMPT, download }));
    expect(error.isRetryable).to.equal(false);
    expect(asked.filter(isOrder)).to.have.length(3);
    expect(generations.size).to.equal(1);
  });

  it("does not order another one when the worker fails after it took the order", async () => {
    const before = (request) => (isOrder(request) ? undefined : problem(404, "not_found", true));
    const { model, generations, asked } = workerWith({ before });
    const error = await failureOf(generateVideo({ model, prompt: PROMPT, download }));
    expect(error.isRetryable).to.equal(false);
    expect(asked.filter(isOrder)).to.have.length(1);
    expect(generations.size).to.equal(1);
  });

  it("does not order a failed render again", async () => {
    const stands = { status: "failed", error: "The video service was down.", errorCode: "provider_unavailable" };
    const { model, generations, asked } = workerWith({ stands });
    const error = await failureOf(generateVideo({ model, prompt: PROMPT, download }));
    expect(error.message).to.equal("The video service was down.");
    expect(error.data).to.include({ code: "provider_unavailable", status: "failed" });
    expect(asked.filter(isOrder)).to.have.length(1);
    expect(generations.size).to.equal(1);
  });

  it("starts one when the SDK repeats a start after lost answers and 503s", async () => {
    let failures = 4;
    const { model, generations, asked } = workerWith({
      after: (request) => isOrder(request) && failures-- > 2 && lost(),
      before: (request) =>
        isOrder(request) && failures <= 2 && failures-- > 0 ? problem(503, "unavailable", true) : undefined,
    });
    await startVideo({ model, prompt: PROMPT });
    expect(asked.filter(isOrder)).to.have.length(5);
    expect(new Set(asked.filter(isOrder).map(({ headers }) => headers.get("idempotency-key"))).size).to.equal(1);
    expect(generations.size).to.equal(1);
  });

  it("says that a start may be repeated only if its order can be told apart", async () => {
    const refused = { before: () => problem(503, "unavailable", true, { "Retry-After": "0" }) };
    const { model } = workerWith(refused);
    const start = (more) => failureOf(/** @type {any} */ (model).doStart(call(more)));
    expect((await start({})).isRetryable).to.equal(false);
    expect((await start({ headers: { "Idempotency-Key": "k1" } })).isRetryable).to.equal(true);
    expect((await start({ providerOptions: { reelay: { generationId: "g1" } } })).isRetryable).to.equal(true);
  });

  it("cancels the generation when the wait for it is aborted", async () => {
    const abort = new AbortController();
    const { model, generations } = workerWith({
      stands: { status: "processing" },
      before: ({ path }) => void (path.endsWith("/events") && abort.abort(new Error("left"))),
    });
    const error = await failureOf(generateVideo({ model, prompt: PROMPT, abortSignal: abort.signal }));
    expect(error.message).to.equal("left");
    expect([...generations.values()].map(({ cancelled }) => cancelled)).to.deep.equal([true]);
  });

  it("cancels the generation when the order itself is aborted, whose answer is still to come", async () => {
    const abort = new AbortController();
    const { model, generations } = workerWith({
      after: (request) => isOrder(request) && abort.abort(new Error("left")),
    });
    await failureOf(generateVideo({ model, prompt: PROMPT, abortSignal: abort.signal }));
    expect([...generations.values()].map(({ cancelled }) => cancelled)).to.deep.equal([true]);
  });

  it("orders nothing when it is aborted already", async () => {
    const { model, asked } = workerWith();
    await failureOf(/** @type {any} */ (model).doGenerate(call({ abortSignal: AbortSignal.abort() })));
    expect(asked).to.deep.equal([]);
  });

  it("cancels nothing when a look at it is aborted", async () => {
    const abort = new AbortController();
    const { model, generations, asked } = workerWith({ stands: { status: "processing" } });
    const { operation } = await startVideo({ model, prompt: PROMPT });
    abort.abort();
    await failureOf(/** @type {any} */ (model).doStatus({ operation, abortSignal: abort.signal }));
    expect(generations.size).to.equal(1);
    expect(asked.filter(({ path }) => path.endsWith("/cancel"))).to.deep.equal([]);
  });
});
