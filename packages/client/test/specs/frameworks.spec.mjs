// @ts-check
import { expect } from "chai";
import { afterEach, beforeEach, describe, it } from "mocha";
import { useClock } from "../lib/clock.mjs";
import { all, created, failureOf, lost, nothingLeft, standing, workerWith } from "../lib/worker.mjs";

const ORDER = { prompt: "A paper boat" };
/** @returns {any} */
const marked = (marks, error = new Error("for the framework")) => Object.assign(error, marks);

/** Values that frameworks throw to end or suspend a render. @type {[string, any][]} */
const CONTROL_FLOW = [
  ["Next.js: a static page that turns out to be dynamic", marked({ digest: "DYNAMIC_SERVER_USAGE" })],
  ["Next.js: a redirect", marked({ digest: "NEXT_REDIRECT;replace;/login;307;" })],
  ["Next.js: not found", marked({ digest: "NEXT_HTTP_ERROR_FALLBACK;404" })],
  ["Next.js: left to the browser", marked({ digest: "BAILOUT_TO_CLIENT_SIDE_RENDERING" })],
  ["Next.js: the end of a prerender", marked({ digest: "HANGING_PROMISE_REJECTION" })],
  ["Next.js: a page that must be static", marked({ code: "NEXT_STATIC_GEN_BAILOUT" })],
  ["React: a postponed render", marked({ $$typeof: Symbol.for("react.postpone") })],
  ["React: a suspended render", new Promise(() => {})],
  ["a redirect that is a value", { status: 307, location: "/login" }],
  ["a redirect that is a response", new Response(null, { status: 302, headers: { Location: "/login" } })],
];

/** Values that platforms throw when a request fails. @type {[string, any][]} */
const FAILURES = [
  ["Node, browsers", new TypeError("fetch failed")],
  [
    "Node, with a cause",
    marked({ cause: marked({ code: "ECONNREFUSED", errno: -111 }) }, new TypeError("fetch failed")),
  ],
  ["node-fetch", marked({ type: "system", errno: "ECONNRESET", code: "ECONNRESET" })],
  ["an abort of the platform's own", new DOMException("The operation was aborted.", "AbortError")],
  ["a legacy numeric code", marked({ code: 18, digest: undefined })],
  ["another realm", Object.create({ [Symbol.toStringTag]: "Error" }, { message: { value: "fetch failed" } })],
];

const thrower = (thrown) => () => {
  throw thrown;
};

describe("in a framework", () => {
  useClock();

  it("asks for answers that no cache has, with every call", async () => {
    const { reelay, asked } = workerWith([created, standing("completed"), nothingLeft]);
    await reelay.create(ORDER);
    await reelay.get("g1");
    await all(reelay.events("g1"));
    expect(asked.map(({ cache }) => cache)).to.deep.equal(["no-store", "no-store", "no-store"]);
  });

  for (const [what, thrown] of CONTROL_FLOW)
    it(`passes on what ends a render, as it is and at once: ${what}`, async () => {
      const calls = [
        (reelay) => reelay.get("g1"),
        (reelay) => reelay.create(ORDER),
        (reelay) => reelay.wait("g1"),
        (reelay) => all(reelay.events("g1")),
      ];
      for (const call of calls) {
        const { reelay, asked } = workerWith([thrower(thrown)]);
        const caught = await call(reelay).then(
          () => undefined,
          (error) => ({ error }),
        );
        expect(caught?.error === thrown).to.equal(true);
        expect(asked).to.have.length(1);
      }
    });

  it("passes it on when it comes while an answer or a stream is read", async () => {
    const digest = marked({ digest: "HANGING_PROMISE_REJECTION" });
    const body = new ReadableStream({ pull: (controller) => controller.error(digest) });
    const { reelay, asked } = workerWith([
      () => Object.assign(new Response("{}"), { text: () => Promise.reject(digest) }),
      () => new Response(body, { headers: { "Content-Type": "text/event-stream" } }),
    ]);
    expect(await failureOf(reelay.get("g1"))).to.equal(digest);
    expect(await failureOf(all(reelay.events("g1")))).to.equal(digest);
    expect(asked).to.have.length(2);
  });

  for (const [what, thrown] of FAILURES)
    it(`repeats what is no control flow: ${what}`, async () => {
      const { reelay } = workerWith([thrower(thrown), lost, thrower(thrown)]);
      const error = await failureOf(reelay.get("g1"));
      expect(error).to.include({ code: "network_error", retryable: true });
      expect(error.cause === thrown).to.equal(true);
    });
});

describe("where the platform refuses the option cache", () => {
  useClock();
  const { Request } = globalThis;
  beforeEach(() => {
    globalThis.Request = /** @type {any} */ (
      class {
        constructor(_url, init = {}) {
          if ("cache" in init) throw new Error("The 'cache' field on 'RequestInitializerDict' is not implemented.");
        }
      }
    );
  });
  afterEach(() => {
    globalThis.Request = Request;
  });

  it("sends none", async () => {
    const { reelay, asked } = workerWith([standing("queued"), created]);
    await reelay.get("g1");
    await reelay.create(ORDER);
    expect(asked.map((init) => "cache" in init)).to.deep.equal([false, false]);
  });
});
