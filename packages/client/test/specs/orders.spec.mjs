// @ts-check
import { createReelay } from "@reelay/client";
import { expect } from "chai";
import { describe, it } from "mocha";
import { API_KEY, created, failureOf, generation, json, problem, standing, workerWith } from "../lib/worker.mjs";

/** @type {import("@reelay/client").Order} */
const ORDER = { prompt: "A paper boat", parameters: { duration: 8 } };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe("orders and questions", () => {
  it("sends an order as JSON with the token, and gives it an id of its own", async () => {
    const { reelay, asked } = workerWith([created]);
    const answer = await reelay.create(ORDER);
    const [{ method, path, headers, body }] = /** @type {[import("../lib/worker.mjs").Asked]} */ (
      /** @type {unknown} */ (asked)
    );
    expect([method, path]).to.deep.equal(["POST", "/api/generations"]);
    expect(headers.get("authorization")).to.equal(`Bearer ${API_KEY}`);
    expect(headers.get("content-type")).to.equal("application/json");
    expect(body).to.deep.equal({ ...ORDER, generationId: body.generationId });
    expect(body.generationId).to.match(UUID);
    expect(answer.generationId).to.equal(body.generationId);
  });

  it("gives two orders two ids, and leaves the caller's object as it was", async () => {
    const { reelay, asked } = workerWith([created, created]);
    const order = Object.freeze({ ...ORDER });
    await reelay.create(order);
    await reelay.create(order);
    expect(asked[0]?.body.generationId).not.to.equal(asked[1]?.body.generationId);
  });

  it("mints no id where the caller gave one, or an idempotency key", async () => {
    const { reelay, asked } = workerWith([created, created]);
    await reelay.create({ ...ORDER, generationId: "g1" });
    await reelay.create(ORDER, { idempotencyKey: "key-1" });
    expect(asked[0]?.body.generationId).to.equal("g1");
    expect(asked[0]?.headers.has("idempotency-key")).to.equal(false);
    expect(asked[1]?.body).to.deep.equal(ORDER);
    expect(asked[1]?.headers.get("idempotency-key")).to.equal("key-1");
  });

  it("names the user of the call, else of the order, else of the client", async () => {
    const { reelay, asked } = workerWith([created, created, created], { userId: "client" });
    await reelay.create({ ...ORDER, userId: "order" }, { userId: "call" });
    await reelay.create({ ...ORDER, userId: "order" });
    await reelay.create(ORDER);
    expect(asked.map(({ headers }) => headers.get("x-user-id"))).to.deep.equal(["call", "order", "client"]);
  });

  it("asks a function for the token, before each call", async () => {
    let count = 0;
    const apiKey = async () => `token-${++count}`;
    const { reelay, asked } = workerWith([standing("queued"), standing("queued")], { apiKey });
    await reelay.get("g1");
    await reelay.get("g1");
    expect(asked.map(({ headers }) => headers.get("authorization"))).to.deep.equal([
      "Bearer token-1",
      "Bearer token-2",
    ]);
  });

  it("passes on what the function of the token throws, and asks nothing without a token", async () => {
    const failure = new Error("signed out");
    const throwing = workerWith([], { apiKey: () => Promise.reject(failure) });
    expect(await failureOf(throwing.reelay.get("g1"))).to.equal(failure);
    const empty = workerWith([], { apiKey: () => "" });
    expect((await failureOf(empty.reelay.get("g1"))).code).to.equal("invalid_option");
    expect([...throwing.asked, ...empty.asked]).to.have.length(0);
  });

  it("takes an order that is no JSON for the mistake that it is, and not for a broken connection", async () => {
    const { reelay, asked } = workerWith([]);
    /** @type {any} */
    const order = { prompt: 1n };
    expect(await failureOf(reelay.create(order))).to.be.instanceOf(TypeError);
    expect(asked).to.have.length(0);
  });

  it("sends the client's headers and the call's, and the call's first", async () => {
    const { reelay, asked } = workerWith([standing("queued")], { headers: { "X-One": "1", "X-Two": "1" } });
    await reelay.get("g1", { headers: { "X-Two": "2" } });
    expect([asked[0]?.headers.get("x-one"), asked[0]?.headers.get("x-two")]).to.deep.equal(["1", "2"]);
  });

  it("asks for everything where the description says it is", async () => {
    const changed = json({ success: true, generationId: "g1", status: "queued", generation: generation("queued") });
    const page = json({ success: true, data: [], hasMore: false, nextCursor: null });
    const { reelay, asked } = workerWith([
      standing("queued"),
      page,
      page,
      ...Array(4).fill(changed),
      json({ success: true, videoUrl: "https://signed", expiresAt: "", fileSize: 1 }),
      json({ success: true, data: { models: [], defaultModel: null } }),
      json({ status: "ok", mode: "alarm" }),
    ]);
    expect(await reelay.get("g1")).to.deep.equal(generation("queued"));
    expect((await reelay.list()).data).to.deep.equal([]);
    await reelay.list({ status: "failed", search: "a&b", limit: 5, after: "c=" });
    await reelay.cancel("g1");
    await reelay.retry("g1");
    await reelay.confirm("g1");
    expect((await reelay.clarify("g1", { prompt: "Calm" })).generation.status).to.equal("queued");
    expect(await reelay.videoUrl("g1")).to.equal("https://signed");
    expect((await reelay.models()).models).to.deep.equal([]);
    expect((await reelay.health()).mode).to.equal("alarm");
    expect(asked.map(({ method, path }) => `${method} ${path}`)).to.deep.equal([
      "GET /api/generations/g1",
      "GET /api/generations",
      "GET /api/generations?status=failed&search=a%26b&limit=5&after=c%3D",
      "POST /api/generations/g1/cancel",
      "POST /api/generations/g1/retry",
      "POST /api/generations/g1/confirm",
      "POST /api/generations/g1/clarify",
      "GET /api/storage/videos/g1",
      "GET /api/models",
      "GET /health",
    ]);
    expect(asked[6]?.body).to.deep.equal({ prompt: "Calm" });
  });

  it("keeps the path of the worker's address, with or without a slash at its end", async () => {
    for (const baseUrl of ["https://reelay.test/below", "https://reelay.test/below/"]) {
      const { reelay, asked } = workerWith([standing("queued")], { baseUrl });
      await reelay.get("g1");
      expect(asked[0]?.url).to.equal("https://reelay.test/below/api/generations/g1");
    }
  });

  it("lets no id reach another route", async () => {
    const { reelay, asked } = workerWith([]);
    for (const id of ["", "..", "../queue/pause", "g1?x", "g1/cancel", "a b"]) {
      expect((await failureOf(reelay.get(id))).code).to.equal("invalid_option");
      expect((await failureOf(reelay.cancel(id))).code).to.equal("invalid_option");
      expect((await failureOf(reelay.wait(id))).code).to.equal("invalid_option");
    }
    expect(asked).to.have.length(0);
  });
});

describe("refusals", () => {
  it("are told with the worker's code, sentence, fields and request", async () => {
    const errors = [
      { pointer: "/prompt", detail: "must have 3 to 5000 characters" },
      { parameter: "limit", detail: "must be a number" },
      { header: "X-User-Id", detail: "must be an id" },
      { detail: "has no place" },
    ];
    const { reelay } = workerWith([problem(400, "invalid_request", { error: "Mend the prompt.", errors })]);
    const error = await failureOf(reelay.create(ORDER));
    expect(error).to.be.instanceOf(Error);
    expect(error).to.include({ name: "ReelayError", code: "invalid_request", message: "Mend the prompt." });
    expect(error).to.include({ status: 400, retryable: false, requestId: "r1" });
    expect(error.errors.map(({ pointer }) => pointer)).to.deep.equal(["/prompt", "limit", "X-User-Id"]);
  });

  it("of another server are no success, and neither are its successes", async () => {
    const page = () => new Response("<h1>Hello</h1>", { headers: { "x-request-id": "r9" } });
    const { reelay } = workerWith([page, json([]), json({ ok: true }), () => new Response("no", { status: 404 })]);
    for (const status of [200, 200, 200, 404]) {
      const error = await failureOf(reelay.get("g1"));
      expect(error).to.include({ code: "unexpected_answer", status, retryable: false });
    }
  });

  it("hold neither the token nor the prompt, even where no header can carry the token", async () => {
    const { reelay } = workerWith([problem(400, "invalid_request"), () => new Response("", { status: 418 })]);
    const prompt = "a prompt that nobody may see";
    const errors = [await failureOf(reelay.create({ prompt })), await failureOf(reelay.create({ prompt }))];
    const broken = workerWith([], { apiKey: `${API_KEY}\nX-Other: 1` });
    errors.push(await failureOf(broken.reelay.get("g1")));
    for (const error of errors) {
      const told = `${error.stack} ${JSON.stringify(error)} ${error.cause}`;
      expect(told).not.to.include(API_KEY);
      expect(told).not.to.include(prompt);
    }
    expect(errors[2].code).to.equal("invalid_option");
  });

  it("of options name the bad one before anything is asked", () => {
    const good = { baseUrl: "https://reelay.test", apiKey: "k" };
    const bad = [
      { baseUrl: "reelay" },
      { baseUrl: "ftp://reelay.test" },
      { baseUrl: "https://user:secret@reelay.test" },
      { apiKey: "" },
      { maxRetries: -1 },
      { maxRetries: 1.5 },
      { timeoutMs: 0 },
      { timeoutMs: 2 ** 31 },
    ];
    for (const option of bad) {
      const [name] = Object.keys(option);
      expect(() => createReelay({ ...good, ...option }), name)
        .to.throw(`The option ${name} `)
        .with.property("code", "invalid_option");
    }
  });
});
