// @ts-check
import { createWebhookHandler } from "@reelay/client";
import { expect } from "chai";
import { describe, it } from "mocha";
import { bodyOf, ID, OTHER_SECRET, requestOf, SECRET } from "../lib/webhook.mjs";
import { encode, failureOf } from "../lib/worker.mjs";

const COMPLETED = bodyOf("generation.completed");

/**
 * A store that acts like a database: a second call for an id waits for the first one's work, and
 * the work is recorded if it succeeds.
 */
function storeOf(transaction = undefined) {
  /** @type {Map<string, Promise<void>>} */
  const done = new Map();
  return {
    done,
    once: async (id, work) => {
      const before = done.get(id);
      if (before !== undefined && (await before.then(() => true).catch(() => false))) return false;
      const running = (async () => work(transaction))();
      done.set(id, running);
      await running.catch((error) => {
        done.delete(id);
        throw error;
      });
      return true;
    },
  };
}

describe("the webhooks' handler", () => {
  it("calls what is there for the kind of event, with what it tells, and answers 204", async () => {
    const calls = [];
    const note = (name) => (event, context) => {
      calls.push([name, event.event, context.webhookId, context.transaction]);
    };
    const handler = createWebhookHandler({
      secrets: SECRET,
      onCompleted: note("onCompleted"),
      onFailed: note("onFailed"),
      onCancelled: note("onCancelled"),
      onStarted: note("onStarted"),
      onProgress: note("onProgress"),
      onPendingClarification: note("onPendingClarification"),
    });
    const kinds = ["completed", "failed", "cancelled", "started", "progress", "pending_clarification"];
    for (const kind of kinds) {
      const response = await handler(requestOf(bodyOf(`generation.${kind}`)));
      expect(response.status).to.equal(204);
      expect(await response.text()).to.equal("");
    }
    const names = ["onCompleted", "onFailed", "onCancelled", "onStarted", "onProgress", "onPendingClarification"];
    expect(calls).to.deep.equal(names.map((name, index) => [name, `generation.${kinds[index]}`, ID, undefined]));
  });

  it("answers 204 to what nobody wants and to kinds of a later version, and calls nothing", async () => {
    const store = storeOf();
    const onCompleted = () => expect.fail("called");
    const handler = createWebhookHandler({ secrets: SECRET, store, onCompleted });
    for (const kind of ["generation.failed", "generation.dreamt", "toString", "onCompleted"])
      expect((await handler(requestOf(bodyOf(kind)))).status).to.equal(204);
    expect(store.done.size).to.equal(0);
  });

  it("handles an event that comes twice in a row once", async () => {
    let calls = 0;
    const onCompleted = () => {
      calls += 1;
    };
    const handler = createWebhookHandler({ secrets: SECRET, store: storeOf(), onCompleted });
    for (const _ of [1, 2]) expect((await handler(requestOf(COMPLETED))).status).to.equal(204);
    expect(calls).to.equal(1);
    expect((await handler(requestOf(COMPLETED, { id: "msg_2" }))).status).to.equal(204);
    expect(calls).to.equal(2);
  });

  it("handles an event that comes twice at the same time once, and answers neither before it is done", async () => {
    let calls = 0;
    let open = () => {};
    const gate = new Promise((resolve) => {
      open = () => resolve(undefined);
    });
    let answered = 0;
    const onCompleted = async () => {
      calls += 1;
      await gate;
      expect(answered).to.equal(0);
    };
    const handler = createWebhookHandler({ secrets: SECRET, store: storeOf(), onCompleted });
    const both = [1, 2].map(async () => {
      const { status } = await handler(requestOf(COMPLETED));
      answered += 1;
      return status;
    });
    open();
    expect(await Promise.all(both)).to.deep.equal([204, 204]);
    expect(calls).to.equal(1);
  });

  it("rejects when what it calls does, synchronously or not; that counts as undone, and a repeat works", async () => {
    const failure = new Error("the database is away");
    const throwing = () => {
      throw failure;
    };
    const rejecting = async () => {
      throw failure;
    };
    for (const fail of [throwing, rejecting]) {
      let calls = 0;
      const onCompleted = () => {
        calls += 1;
        return calls === 1 ? fail() : undefined;
      };
      const handler = createWebhookHandler({ secrets: SECRET, store: storeOf(), onCompleted });
      expect(await failureOf(handler(requestOf(COMPLETED)))).to.equal(failure);
      expect((await handler(requestOf(COMPLETED))).status).to.equal(204);
      expect((await handler(requestOf(COMPLETED))).status).to.equal(204);
      expect(calls).to.equal(2);
    }
    const bare = createWebhookHandler({ secrets: SECRET, onCompleted: rejecting });
    expect(await failureOf(bare(requestOf(COMPLETED)))).to.equal(failure);
  });

  it("calls a synchronous handler synchronously within the store's work, with its transaction", async () => {
    const order = [];
    const handler = createWebhookHandler({
      secrets: SECRET,
      store: {
        once(id, /** @type {(transaction: string) => void | Promise<void>} */ work) {
          order.push(`begin ${id}`);
          const result = work("transaction");
          order.push("commit");
          expect(result).to.equal(undefined);
          return true;
        },
      },
      onCompleted: (event, { transaction }) => {
        order.push(`${transaction} ${event.result.videoUrl}`);
      },
    });
    await handler(requestOf(COMPLETED));
    expect(order).to.deep.equal([`begin ${ID}`, "transaction https://signed", "commit"]);
  });

  it("answers 401 to what is forged, stale or without its headers, and calls nothing", async () => {
    const store = storeOf();
    const handler = createWebhookHandler({ secrets: SECRET, store, onCompleted: () => expect.fail("called") });
    const bare = new Request("https://app.test/", { method: "POST", body: COMPLETED });
    const altered = new Request("https://app.test/", {
      method: "POST",
      headers: requestOf(COMPLETED).headers,
      body: COMPLETED.replace("u_1", "u_2"),
    });
    const cases = [
      [requestOf(COMPLETED, { secret: OTHER_SECRET }), "invalid_signature"],
      [altered, "invalid_signature"],
      [requestOf(COMPLETED, { at: new Date(Date.now() - 301_000) }), "stale_timestamp"],
      [bare, "missing_header"],
      [new Request("https://app.test/"), "missing_header"],
    ];
    for (const [request, code] of /** @type {[Request, string][]} */ (cases)) {
      const response = await handler(request);
      expect(response.status).to.equal(401);
      expect(response.headers.get("content-type")).to.equal("application/problem+json");
      expect(await response.json()).to.include({ code, status: 401 });
    }
    expect(store.done.size).to.equal(0);
  });

  it("takes another tolerance", async () => {
    const handler = createWebhookHandler({ secrets: SECRET, toleranceSeconds: 3_600 });
    expect((await handler(requestOf(COMPLETED, { at: new Date(Date.now() - 3_000_000) }))).status).to.equal(204);
  });

  it("answers 400 to what is signed but no event", async () => {
    const handler = createWebhookHandler({ secrets: SECRET, onCompleted: () => expect.fail("called") });
    for (const body of ["no JSON", "{}", bodyOf("generation.completed", { result: null })]) {
      const response = await handler(requestOf(body));
      expect(response.status).to.equal(400);
      expect(await response.json()).to.include({ code: "malformed_event" });
    }
  });

  it("answers 204 to a test of an operator's, and calls nothing", async () => {
    const store = storeOf();
    const unwanted = () => expect.fail("called");
    const handler = createWebhookHandler({ secrets: SECRET, store, onCompleted: unwanted, onStarted: unwanted });
    const name = "webhook-test";
    const body = bodyOf("webhook.test", {
      generationId: name,
      jobId: name,
      userId: name,
      status: "queued",
      sequence: 1,
    });
    expect((await handler(requestOf(body))).status).to.equal(204);
    expect((await handler(requestOf(body, { secret: OTHER_SECRET }))).status).to.equal(401);
    expect(store.done.size).to.equal(0);
  });

  it("answers 413 to a body that is too large, which it does not read to its end", async () => {
    const handler = createWebhookHandler({ secrets: SECRET, maxBodyBytes: 100 });
    let read = 0;
    let cancelled = false;
    /** @type {any} */
    const endless = {
      headers: new Headers(),
      body: new ReadableStream(
        {
          pull(controller) {
            read += 60;
            controller.enqueue(new Uint8Array(60));
          },
          cancel() {
            cancelled = true;
          },
        },
        { highWaterMark: 0 },
      ),
    };
    expect((await handler(endless)).status).to.equal(413);
    expect([read, cancelled]).to.deep.equal([120, true]);
    /** @type {any} */
    const announced = { headers: new Headers({ "Content-Length": "101" }), body: endless.body };
    announced.body = new ReadableStream({ pull: () => expect.fail("read") }, { highWaterMark: 0 });
    const response = await handler(announced);
    expect(response.status).to.equal(413);
    expect(await response.json()).to.include({ code: "payload_too_large" });
  });

  it("takes a body of exactly the limit, a mebibyte if nothing is said", async () => {
    const exact = createWebhookHandler({ secrets: SECRET, maxBodyBytes: encode(COMPLETED).byteLength });
    expect((await exact(requestOf(COMPLETED))).status).to.equal(204);
    const usual = createWebhookHandler({ secrets: SECRET });
    const padded = (bytes) => COMPLETED + " ".repeat(bytes - COMPLETED.length);
    expect((await usual(requestOf(padded(1024 * 1024)))).status).to.equal(204);
    expect((await usual(requestOf(padded(1024 * 1024 + 1)))).status).to.equal(413);
  });

  it("verifies the bytes as they came, a byte order mark included", async () => {
    const body = `\uFEFF${COMPLETED}`;
    const handler = createWebhookHandler({ secrets: SECRET });
    // Signed but not JSON. If the mark were dropped, the signature would be wrong.
    expect((await handler(requestOf(body))).status).to.equal(400);
  });

  it("rejects when its own secret is none, so that it is not taken for the sender's fault", async () => {
    const handler = createWebhookHandler({ secrets: "" });
    expect((await failureOf(handler(requestOf(COMPLETED)))).code).to.equal("invalid_secret");
  });
});
