// @ts-check
import { expect } from "chai";
import { describe, it } from "mocha";
import { ATTEMPT_MS, SILENCE_MS, useClock } from "../lib/clock.mjs";
import {
  BROKEN,
  end,
  failureOf,
  json,
  lost,
  nothingLeft,
  OPEN,
  problem,
  progress,
  silent,
  standing,
  step,
  stream,
  unavailable,
  workerWith,
} from "../lib/worker.mjs";

const POLL_MS = 2_000;

describe("waiting for a generation", () => {
  const clock = useClock();

  it("follows it live, tells what changes, and gives it as it stands at the end", async () => {
    const told = [];
    const { reelay, asked } = workerWith([
      standing("queued", { phase: "queued", progress: 0 }),
      stream([step(1), step(1), progress(60), end()]),
      standing("completed", { result: { videoUrl: "https://signed" } }),
    ]);
    const done = await reelay.wait("g1", { onProgress: (now) => told.push(now), userId: "u_1" });
    expect(done).to.deep.include({ status: "completed", result: { videoUrl: "https://signed" } });
    expect(told).to.deep.equal([
      { status: "queued", phase: "queued", progress: 0 },
      { status: "processing", phase: "rendering", progress: 1 },
      { status: "processing", phase: "rendering", progress: 60 },
    ]);
    expect(asked.map(({ path }) => path.split("/g1")[1])).to.deep.equal(["", "/events", ""]);
    expect(asked.map(({ headers }) => headers.get("x-user-id"))).to.deep.equal(["u_1", "u_1", "u_1"]);
  });

  it("asks once for one that has ended or waits for somebody, and a failed one is no error", async () => {
    for (const status of ["completed", "failed", "cancelled", "pending_confirmation", "pending_clarification"]) {
      const { reelay, asked } = workerWith([standing(status)]);
      expect((await reelay.wait("g1")).status).to.equal(status);
      expect(asked).to.have.length(1);
    }
  });

  it("ends when it comes to wait for somebody, and closes the stream", async () => {
    let closed = false;
    const chunks = [step(1), step(2, "clarification_wanted", "pending_clarification")];
    const { reelay } = workerWith([
      standing("processing"),
      stream(chunks, OPEN, () => {
        closed = true;
      }),
      standing("pending_clarification"),
    ]);
    expect((await reelay.wait("g1")).status).to.equal("pending_clarification");
    expect(closed).to.equal(true);
  });

  it("believes no event that a look does not confirm", async () => {
    const { reelay } = workerWith([
      standing("processing"),
      stream([step(1, "odd", "pending_clarification"), step(2), end("failed")]),
      standing("processing"),
      standing("completed"),
    ]);
    expect((await reelay.wait("g1")).status).to.equal("completed");
  });

  it("looks every so often where there are no live events", async () => {
    const withoutStream = [
      [problem(404, "route_not_found")],
      [json({ success: true })],
      [lost, lost, lost],
      [unavailable, stream([]), stream([], BROKEN)],
      [problem(429, "too_many_streams", { retryable: true }), lost, lost],
    ];
    for (const answers of withoutStream) {
      const told = [];
      const { reelay, left } = workerWith([
        standing("processing"),
        ...answers,
        standing("processing"),
        standing("processing", { progress: 80 }),
        standing("completed"),
      ]);
      const onProgress = ({ progress }) => told.push(progress);
      expect((await reelay.wait("g1", { pollIntervalMs: 1_500, onProgress })).status).to.equal("completed");
      expect(told).to.deep.equal([50, 80, 50]);
      expect(left).to.have.length(0);
      expect(clock.delays.filter((delay) => delay === 1_500)).to.have.length(2);
      clock.delays = [];
    }
  });

  it("looks instead where a proxy keeps the events back, after the first stream that stays silent", async () => {
    clock.never = [ATTEMPT_MS];
    const { reelay, left } = workerWith([standing("processing"), stream([], OPEN), standing("completed")]);
    expect((await reelay.wait("g1")).status).to.equal("completed");
    expect(clock.delays.filter((delay) => delay === SILENCE_MS)).to.have.length(1);
    expect(left).to.have.length(0);
  });

  it("looks instead where streams break off again and again without an event", async () => {
    const idle = Array(3).fill(stream([": hello\n\n"]));
    const { reelay, left } = workerWith([standing("processing"), ...idle, standing("completed")]);
    expect((await reelay.wait("g1")).status).to.equal("completed");
    expect(left).to.have.length(0);
  });

  it("looks every two seconds if nothing else is said, and bears looks that fail", async () => {
    const failed = [unavailable, unavailable, unavailable];
    const { reelay } = workerWith([
      standing("processing"),
      nothingLeft,
      standing("processing"),
      ...failed,
      ...failed,
      standing("completed"),
    ]);
    expect((await reelay.wait("g1")).status).to.equal("completed");
    expect(clock.delays.filter((delay) => delay === POLL_MS)).to.have.length(3);
  });

  it("gives up when looks keep failing, and at once where that will not pass", async () => {
    const dead = workerWith([standing("processing"), nothingLeft, ...Array(30).fill(lost)]);
    expect((await failureOf(dead.reelay.wait("g1"))).code).to.equal("network_error");
    expect(dead.left).to.have.length(0);
    const forgotten = workerWith([standing("processing"), nothingLeft, problem(404, "not_found")]);
    expect((await failureOf(forgotten.reelay.wait("g1"))).code).to.equal("not_found");
    const unknown = workerWith([problem(404, "not_found")]);
    expect((await failureOf(unknown.reelay.wait("g1"))).code).to.equal("not_found");
  });

  it("rejects with a timeout after timeoutMs, whatever it is doing then", async () => {
    clock.never = [ATTEMPT_MS, SILENCE_MS, POLL_MS];
    for (const answers of [
      [silent],
      [standing("processing"), silent],
      [standing("processing"), stream([step(1)], OPEN)],
      [standing("processing"), nothingLeft, standing("processing")],
    ]) {
      const { reelay } = workerWith(answers);
      const error = await failureOf(reelay.wait("g1", { timeoutMs: 77 }));
      expect(error).to.include({ code: "timeout", retryable: true });
      expect(error.message).to.include("77");
    }
  });

  it("rejects with the caller's own reason, and with what onProgress throws", async () => {
    const reason = new Error("gone");
    const abort = new AbortController();
    const { reelay } = workerWith([standing("processing"), stream([step(1)], OPEN)]);
    const onProgress = ({ progress }) => progress === 1 && abort.abort(reason);
    expect(await failureOf(reelay.wait("g1", { signal: abort.signal, onProgress }))).to.equal(reason);
    const thrown = workerWith([standing("processing"), stream([step(1)], OPEN)]);
    const broken = ({ progress }) => {
      if (progress === 1) throw reason;
    };
    expect(await failureOf(thrown.reelay.wait("g1", { onProgress: broken }))).to.equal(reason);
  });
});
