// @ts-check
import { expect } from "chai";
import { describe, it } from "mocha";
import { ATTEMPT_MS, useClock } from "../lib/clock.mjs";
import {
  created,
  failureOf,
  generation,
  json,
  lost,
  problem,
  silent,
  standing,
  tooMany,
  unavailable,
  workerWith,
} from "../lib/worker.mjs";

describe("repeats", () => {
  const clock = useClock();

  it("give up on a token that does not come", async () => {
    clock.never = [];
    const { reelay, asked } = workerWith([], { apiKey: () => new Promise(() => {}), maxRetries: 0 });
    expect((await failureOf(reelay.get("g1"))).code).to.equal("timeout");
    expect(asked).to.have.length(0);
  });

  it("follow a 429, a 503, a 502 of a proxy and a broken connection", async () => {
    const proxy = () => new Response("Bad gateway", { status: 502 });
    for (const failure of [tooMany, unavailable, proxy, lost]) {
      const { reelay, asked } = workerWith([failure, failure, standing("queued")]);
      expect((await reelay.get("g1")).status).to.equal("queued");
      expect(asked).to.have.length(3);
    }
  });

  it("follow an attempt that takes too long", async () => {
    clock.never = [];
    const { reelay, asked } = workerWith([silent, silent, silent], { timeoutMs: 1234 });
    const error = await failureOf(reelay.get("g1"));
    expect(error).to.include({ code: "timeout", retryable: true });
    expect(asked.map(({ signal }) => signal.aborted)).to.deep.equal([true, true, true]);
    expect(clock.delays.filter((delay) => delay === 1234)).to.have.length(3);
  });

  it("of an order carry the same id", async () => {
    const { reelay, asked } = workerWith([lost, unavailable, created]);
    const { generationId } = await reelay.create({ prompt: "A paper boat" });
    expect(asked.map(({ body }) => body.generationId)).to.deep.equal(Array(3).fill(generationId));
  });

  it("end after maxRetries, with the last failure", async () => {
    const { reelay, asked } = workerWith([lost, lost, unavailable]);
    expect(await failureOf(reelay.get("g1"))).to.include({ code: "unavailable", status: 503, retryable: true });
    expect(asked).to.have.length(3);
    const once = workerWith([lost], { maxRetries: 0 });
    const error = await failureOf(once.reelay.get("g1"));
    expect(error).to.include({ code: "network_error", retryable: true });
    expect(error).not.to.have.property("status");
  });

  it("do not follow what will not pass", async () => {
    const broke = problem(402, "budget_exceeded", { retryable: true }, { "Retry-After": "100" });
    const failures = [problem(400, "invalid_request"), problem(500, "misconfigured"), problem(404, "not_found"), broke];
    for (const failure of failures) {
      const { reelay, asked } = workerWith([failure, standing("queued")]);
      await failureOf(reelay.get("g1"));
      expect(asked).to.have.length(1);
    }
    expect(clock.pauses()).to.deep.equal([]);
    const { reelay } = workerWith([broke]);
    expect(await failureOf(reelay.get("g1"))).to.include({ retryable: true, retryAfterMs: 100_000 });
  });

  it("wait for as many seconds as Retry-After says, a minute at most", async () => {
    const after = (seconds) => problem(429, "too_many_requests", { retryable: true }, { "Retry-After": seconds });
    const { reelay } = workerWith([after("7"), after("3600"), standing("queued")]);
    await reelay.get("g1");
    expect(clock.pauses()).to.deep.equal([7_000, 60_000]);
  });

  it("wait until the date of Retry-After", async () => {
    const at = new Date(Date.now() + 25_000).toUTCString();
    const past = new Date(Date.now() - 25_000).toUTCString();
    const after = (date) => problem(503, "unavailable", { retryable: true }, { "Retry-After": date });
    const { reelay } = workerWith([after(at), after(past), standing("queued")]);
    await reelay.get("g1");
    const [until = 0, over] = clock.pauses();
    // The date has whole seconds, and some time may have passed.
    expect(until).to.be.within(1, 25_000);
    expect(over).to.equal(0);
  });

  it("wait longer each time where nothing is said, jittered from half a second", async () => {
    const { reelay } = workerWith([lost, lost, lost, lost, standing("queued")], { maxRetries: 4 });
    await reelay.get("g1");
    const pauses = clock.pauses();
    expect(pauses).to.have.length(4);
    for (const [index, most] of [500, 1_000, 2_000, 4_000].entries()) expect(pauses[index]).within(most / 2, most);
  });
});

describe("an abort of the caller's", () => {
  const clock = useClock();

  it("rejects with its own reason while an answer is waited for", async () => {
    const reason = new Error("changed my mind");
    const abort = new AbortController();
    const { reelay, asked } = workerWith([
      () => {
        abort.abort(reason);
        return new Promise(() => {});
      },
    ]);
    expect(await failureOf(reelay.get("g1", { signal: abort.signal }))).to.equal(reason);
    expect(asked[0]?.signal.aborted).to.equal(true);
  });

  it("rejects with its own reason while the next attempt is waited for", async () => {
    const reason = new Error("changed my mind");
    const abort = new AbortController();
    clock.never = [ATTEMPT_MS, 3_000];
    const { reelay, asked } = workerWith([tooMany]);
    const failure = failureOf(reelay.get("g1", { signal: abort.signal }));
    await clock.waits(3_000);
    abort.abort(reason);
    expect(await failure).to.equal(reason);
    expect(asked).to.have.length(1);
  });

  it("that came before asks nothing", async () => {
    const { reelay, asked } = workerWith([]);
    expect((await failureOf(reelay.get("g1", { signal: AbortSignal.abort() }))).name).to.equal("AbortError");
    expect(asked).to.have.length(0);
  });
});

describe("changes whose answer was lost", () => {
  useClock();
  const ended = problem(409, "already_ended");

  it("have cancelled: the refusal of the repeat does not surface", async () => {
    for (const failure of [lost, unavailable]) {
      const { reelay } = workerWith([failure, ended, standing("cancelled")]);
      const changed = await reelay.cancel("g1");
      expect(changed).to.include({ success: true, generationId: "g1", status: "cancelled", queuePosition: 0 });
      expect(changed.generation).to.deep.equal(generation("cancelled"));
    }
  });

  it("have not cancelled what has ended otherwise", async () => {
    const { reelay } = workerWith([lost, ended, standing("completed")]);
    expect((await failureOf(reelay.cancel("g1"))).code).to.equal("already_ended");
  });

  it("are another matter than a refusal at once, or after a 429", async () => {
    for (const answers of [[ended], [tooMany, ended]]) {
      const { reelay, asked } = workerWith(answers);
      expect((await failureOf(reelay.cancel("g1"))).code).to.equal("already_ended");
      expect(asked).to.have.length(answers.length);
    }
  });

  it("have confirmed what has gone on since, but perhaps not what was cancelled", async () => {
    for (const status of ["processing", "failed", "pending_clarification"]) {
      const { reelay } = workerWith([lost, problem(409, "not_pending_confirmation"), standing(status)]);
      expect((await reelay.confirm("g1")).status).to.equal(status);
    }
    const { reelay } = workerWith([lost, problem(409, "not_pending_confirmation"), standing("cancelled")]);
    expect((await failureOf(reelay.confirm("g1"))).code).to.equal("not_pending_confirmation");
  });

  it("are not made again where they may pay: a retry and another prompt are repeated after 429 alone", async () => {
    for (const failure of [lost, unavailable, () => new Response("", { status: 502 })]) {
      const { reelay, asked } = workerWith([failure, failure]);
      expect((await failureOf(reelay.retry("g1"))).retryable).to.equal(true);
      expect((await failureOf(reelay.clarify("g1", { prompt: "Calm" }))).retryable).to.equal(true);
      expect(asked).to.have.length(2);
    }
    const changed = json({ success: true, generationId: "g1", status: "queued", generation: generation("queued") });
    const { reelay, asked } = workerWith([tooMany, tooMany, changed]);
    expect((await reelay.retry("g1")).status).to.equal("queued");
    expect(asked).to.have.length(3);
  });
});
