// @ts-check
import { experimental_generateVideo as generateVideo, RetryError } from "ai";
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
import { API_KEY, BASE_URL, callOptions, everythingOf, MODEL, PROMPT, providerWith } from "../lib/provider.mjs";

const VIDEO = new Uint8Array([1, 2, 3]);
const SIGNED = "https://reelay.test/api/generations/g1/video?signature=secret-signature";
const RESULT = { duration: 8, fileSize: 3, resolution: "720p", cost: 3.2, format: "mp4", videoUrl: SIGNED };

const signed = (videoUrl = SIGNED) => json({ success: true, videoUrl, expiresAt: "", fileSize: 3 });
const completed = standing("completed", { result: RESULT, model: MODEL });
const failed = standing("failed", { error: "The picture was refused.", errorCode: "provider_rejected_content" });
const cancelled = json({ success: true, generationId: "g1", status: "cancelled", generation: {} });
const orders = (asked) => asked.filter(({ method, path }) => method === "POST" && path === "/api/generations");
const idsOf = (asked) => new Set(orders(asked).map(({ body }) => body.generationId));

describe("generateVideo", () => {
  useClock();

  it("orders once, waits, and gives the video of the signed address with what it cost", async () => {
    const answers = [created, standing("completed", { result: RESULT }), signed(), () => new Response(VIDEO)];
    const { model, lines, asked } = providerWith(answers);
    const { video, providerMetadata, warnings } = await generateVideo({ model, prompt: PROMPT });
    const id = orders(asked)[0]?.body.generationId;
    expect(lines()).to.deep.equal([
      "POST /api/generations",
      `GET /api/generations/${id}`,
      "GET /api/storage/videos/g1",
      `GET ${SIGNED.replace(BASE_URL, "")}`,
    ]);
    expect(new Headers(asked[3]?.headers).has("authorization")).to.equal(false);
    expect(video.uint8Array).to.deep.equal(VIDEO);
    expect(video.mediaType).to.equal("video/mp4");
    const facts = { duration: 8, fileSize: 3, resolution: "720p", cost: 3.2 };
    expect(providerMetadata).to.deep.equal({ reelay: { generationId: "g1", videos: [facts] } });
    expect(warnings).to.deep.equal([]);
  });

  it("loads the video again when that failed, and at last says whose it is, but never its address", async () => {
    const broken = () => new Response("", { status: 502 });
    const mended = providerWith([created, completed, signed(), lost, broken, () => new Response(VIDEO)]);
    expect((await generateVideo({ model: mended.model, prompt: PROMPT })).video.uint8Array).to.deep.equal(VIDEO);
    const { model, asked } = providerWith([created, completed, signed(), lost, broken, lost]);
    const error = await failureOf(generateVideo({ model, prompt: PROMPT, maxRetries: 5 }));
    expect(error).to.include({ name: "AI_APICallError", isRetryable: false });
    expect(error.data).to.have.property("generationId");
    expect(orders(asked)).to.have.length(1);
    expect(everythingOf(error)).not.to.include(SIGNED);
  });

  it("gives the bytes where the SDK would refuse the address of a worker on this machine", async () => {
    const url = "http://127.0.0.1:8787/video?signature=s";
    const { model, asked } = providerWith([created, completed, signed(url), () => new Response(VIDEO)], {
      baseURL: "http://localhost:8787",
    });
    const { video } = await generateVideo({ model, prompt: PROMPT });
    expect(video.uint8Array).to.deep.equal(VIDEO);
    expect(asked[3]?.url).to.equal(url);
    expect(new Headers(asked[3]?.headers).has("authorization")).to.equal(false);
  });

  it("loads nothing itself from a private address that a worker elsewhere names", async () => {
    const { model, asked } = providerWith([created, completed, signed("http://127.0.0.1/video")]);
    expect((await model.doGenerate(callOptions())).videos[0]?.type).to.equal("url");
    expect(asked).to.have.length(3);
  });

  it("orders n videos for n, each by an id of its own", async () => {
    const answer = (asked) => {
      if (asked.method === "POST") return created(asked);
      if (asked.url === SIGNED) return new Response(VIDEO);
      return asked.path.includes("storage") ? signed()(asked) : completed(asked);
    };
    const { model, asked } = providerWith(Array(8).fill(answer));
    const { videos, providerMetadata } = await generateVideo({ model, prompt: PROMPT, n: 2 });
    expect(videos).to.have.length(2);
    expect(idsOf(asked).size).to.equal(2);
    expect(providerMetadata.reelay?.videos).to.have.length(2);
  });
});

describe("a render is never paid for twice by generateVideo", () => {
  useClock();

  it("repeats an order whose answers were lost under the same id, then gives up for good and cancels it", async () => {
    const { model, asked, lines } = providerWith([lost, lost, lost, cancelled]);
    const error = await failureOf(generateVideo({ model, prompt: PROMPT, maxRetries: 5 }));
    expect(error).to.include({ name: "AI_APICallError", isRetryable: false });
    expect(orders(asked)).to.have.length(3);
    expect(idsOf(asked).size).to.equal(1);
    const [id] = idsOf(asked);
    expect(lines().at(-1)).to.equal(`POST /api/generations/${id}/cancel`);
    expect(error.data).to.deep.include({ code: "network_error", generationId: id });
  });

  for (const [what, answer] of /** @type {const} */ ([
    ["503", unavailable],
    ["a gateway's 502", () => new Response("bad gateway", { status: 502 })],
  ]))
    it(`does the same after ${what}`, async () => {
      const { model, asked } = providerWith([answer, answer, answer, cancelled]);
      const error = await failureOf(generateVideo({ model, prompt: PROMPT, maxRetries: 5 }));
      expect(error).to.include({ name: "AI_APICallError", isRetryable: false });
      expect(idsOf(asked).size).to.equal(1);
      expect(orders(asked)).to.have.length(3);
    });

  it("goes on with the job whose first answer was lost", async () => {
    const { model, asked } = providerWith([lost, unavailable, created, completed, signed(), () => new Response(VIDEO)]);
    await model.doGenerate(callOptions());
    expect(idsOf(asked).size).to.equal(1);
  });

  it("does not repeat a refusal, and cancels nothing", async () => {
    for (const answer of [problem(402, "budget_exceeded", {}, { "Retry-After": "7200" }), problem(422, "conflict")]) {
      const { model, asked } = providerWith([answer]);
      const error = await failureOf(generateVideo({ model, prompt: PROMPT, maxRetries: 5 }));
      expect(error.isRetryable).to.equal(false);
      expect(asked).to.have.length(1);
    }
  });

  it("tells a 429 with its Retry-After once its own repeats are used up, and orders no more", async () => {
    const { model, asked } = providerWith([tooMany, tooMany, tooMany]);
    const error = await failureOf(generateVideo({ model, prompt: PROMPT, maxRetries: 5 }));
    expect(error).to.include({ statusCode: 429, isRetryable: false });
    expect(error.responseHeaders).to.include({ "retry-after": "3" });
    expect(asked).to.have.length(3);
  });

  it("does not order again when the render has failed", async () => {
    const { model, asked } = providerWith([created, failed]);
    const error = await failureOf(generateVideo({ model, prompt: PROMPT, maxRetries: 5 }));
    expect(error).to.include({ name: "AI_APICallError", message: "The picture was refused.", isRetryable: false });
    expect(error.data).to.deep.equal({ generationId: "g1", status: "failed", code: "provider_rejected_content" });
    expect(orders(asked)).to.have.length(1);
  });

  it("does not order again when the job cannot be looked at, and leaves it to be found by its id", async () => {
    const { model, asked, lines } = providerWith([created, ...Array(30).fill(unavailable)]);
    const error = await failureOf(generateVideo({ model, prompt: PROMPT, maxRetries: 5 }));
    expect(error).to.include({ name: "AI_APICallError", statusCode: 503, isRetryable: false });
    expect(orders(asked)).to.have.length(1);
    expect(error.data.generationId).to.equal([...idsOf(asked)][0]);
    expect(lines().filter((line) => line.endsWith("/cancel"))).to.deep.equal([]);
  });

  it("does not order again when the address of the finished video cannot be had", async () => {
    const { model, asked } = providerWith([created, completed, unavailable, unavailable, unavailable]);
    const error = await failureOf(generateVideo({ model, prompt: PROMPT, maxRetries: 5 }));
    expect(error.isRetryable).to.equal(false);
    expect(orders(asked)).to.have.length(1);
  });

  it("says so when the job waits for another prompt or for somebody's confirmation", async () => {
    for (const [status, words] of /** @type {const} */ ([
      ["pending_clarification", /waits for another one: Try it without the knife\./],
      ["pending_confirmation", /waits for confirmation/],
    ])) {
      const { model, asked } = providerWith([created, standing(status, { error: "Try it without the knife." })]);
      const error = await failureOf(generateVideo({ model, prompt: PROMPT, maxRetries: 5 }));
      expect(error.message).to.match(words);
      expect(error.data.status).to.equal(status);
      expect(asked).to.have.length(2);
    }
  });

  it("is repeated under your own generationId without a second job, which is not cancelled when answers are lost", async () => {
    const { model, asked, lines } = providerWith([lost, lost, lost]);
    const providerOptions = { reelay: { generationId: "mine" } };
    const error = await failureOf(generateVideo({ model, prompt: PROMPT, providerOptions }));
    expect(error.isRetryable).to.equal(false);
    expect([...idsOf(asked)]).to.deep.equal(["mine"]);
    expect(lines().filter((line) => line.endsWith("/cancel"))).to.deep.equal([]);
  });

  it("with polling, every repeat of the order by the SDK has the same key", async () => {
    const { model, asked } = providerWith([lost, unavailable, created, standing("processing"), completed, signed()]);
    const download = async () => ({ data: VIDEO, mediaType: "video/mp4" });
    await generateVideo({ model, prompt: PROMPT, download, poll: { intervalMs: 1 } });
    const keys = orders(asked).map(({ headers }) => headers.get("idempotency-key"));
    expect(keys).to.have.length(3);
    expect(new Set(keys).size).to.equal(1);
    expect(keys[0]).to.match(/^aisdk_vid_/);
  });

  it("with polling, gives up as the SDK does, with one job at most", async () => {
    const { model, asked } = providerWith([lost, lost, lost]);
    const error = await failureOf(generateVideo({ model, prompt: PROMPT, poll: { intervalMs: 1 } }));
    expect(RetryError.isInstance(error)).to.equal(true);
    expect(new Set(orders(asked).map(({ headers }) => headers.get("idempotency-key"))).size).to.equal(1);
  });

  it("tells neither the key, nor the prompt, nor a signed address in an error", async () => {
    const answers = [[lost, lost, lost, lost], [created, failed], [problem(400, "invalid_request")]];
    const seen = [];
    for (const list of answers) {
      const { model } = providerWith(list);
      seen.push(everythingOf(await failureOf(generateVideo({ model, prompt: PROMPT }))));
    }
    const { model } = providerWith([created, completed, signed("http://127.0.0.1/v?signature=secret"), lost], {
      baseURL: "http://localhost:8787",
    });
    seen.push(everythingOf(await failureOf(generateVideo({ model, prompt: PROMPT }))));
    expect(seen.join("\n")).to.contain("Reelay");
    for (const secret of [API_KEY, PROMPT, "secret"]) expect(seen.join("\n")).not.to.contain(secret);
  });
});

describe("an abort of generateVideo", () => {
  const clock = useClock();

  it("cancels the job that is waited for, and rejects with the signal's reason", async () => {
    const controller = new AbortController();
    const { model, lines } = providerWith([
      created,
      standing("processing"),
      () => {
        controller.abort(new DOMException("stop", "AbortError"));
        return new Promise(() => {});
      },
      cancelled,
    ]);
    const error = await failureOf(generateVideo({ model, prompt: PROMPT, abortSignal: controller.signal }));
    expect(error).to.equal(controller.signal.reason);
    expect(lines().at(-1)).to.match(/^POST \/api\/generations\/[^/]+\/cancel$/);
  });

  it("while the order is on its way waits for its answer, and cancels it", async () => {
    const controller = new AbortController();
    clock.never.push(10_000);
    let stopped = true;
    const { model, lines, asked } = providerWith([
      async (request) => {
        controller.abort();
        await new Promise((resolve) => setTimeout(resolve));
        stopped = request.signal.aborted;
        return created(request);
      },
      cancelled,
    ]);
    const error = await failureOf(model.doGenerate(callOptions({ abortSignal: controller.signal })));
    expect(error).to.equal(controller.signal.reason);
    expect(lines()).to.deep.equal([
      "POST /api/generations",
      `POST /api/generations/${orders(asked)[0]?.body.generationId}/cancel`,
    ]);
    expect(stopped).to.equal(false);
  });

  it("while the order is refused for now does not wait for the time of a repeat", async () => {
    const controller = new AbortController();
    clock.never.push(3000, 10_000);
    const { model, lines } = providerWith([
      (request) => {
        controller.abort();
        return tooMany(request);
      },
      cancelled,
    ]);
    const error = await failureOf(model.doGenerate(callOptions({ abortSignal: controller.signal })));
    expect(error).to.equal(controller.signal.reason);
    expect(lines().filter((line) => line === "POST /api/generations")).to.have.length(1);
  });

  it("does not wait for ever for an order that is never answered, and cancels it", async () => {
    const controller = new AbortController();
    const { model, lines } = providerWith([
      () => {
        controller.abort();
        return new Promise(() => {});
      },
      cancelled,
    ]);
    const error = await failureOf(model.doGenerate(callOptions({ abortSignal: controller.signal })));
    expect(error).to.equal(controller.signal.reason);
    expect(lines()).to.have.length(2);
    expect(lines()[1]).to.match(/cancel$/);
  });

  it("begins no repeat of an order that was refused for now", async () => {
    const controller = new AbortController();
    clock.never.push(3000);
    const { model, lines } = providerWith([tooMany]);
    const failure = failureOf(model.doGenerate(callOptions({ abortSignal: controller.signal })));
    await clock.waits(3000);
    controller.abort();
    expect(await failure).to.equal(controller.signal.reason);
    expect(lines()).to.include("POST /api/generations");
    expect(lines().filter((line) => line === "POST /api/generations")).to.have.length(1);
  });

  it("before the order asks nothing, also while the key is fetched", async () => {
    const { model, asked } = providerWith([]);
    const error = await failureOf(model.doGenerate(callOptions({ abortSignal: AbortSignal.abort("no") })));
    expect(error).to.equal("no");
    expect(asked).to.deep.equal([]);
    const controller = new AbortController();
    const apiKey = () => {
      controller.abort("no more");
      return API_KEY;
    };
    const slow = providerWith([], { apiKey });
    expect(await failureOf(slow.model.doGenerate(callOptions({ abortSignal: controller.signal })))).to.equal("no more");
    expect(slow.asked).to.deep.equal([]);
  });
});
