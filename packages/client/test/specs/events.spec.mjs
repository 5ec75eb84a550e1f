// @ts-check
import { expect } from "chai";
import { describe, it } from "mocha";
import { SILENCE_MS, useClock } from "../lib/clock.mjs";
import {
  all,
  BROKEN,
  encode,
  end,
  failureOf,
  json,
  lost,
  nothingLeft,
  OPEN,
  problem,
  progress,
  silent,
  step,
  stream,
  tooMany,
  unavailable,
  workerWith,
} from "../lib/worker.mjs";

/** The kinds of events, with the ids of steps. */
const brief = (events) => events.map((event) => (event.type === "step" ? event.id : event.type));
const resumedAfter = (asked) => asked.map(({ headers }) => headers.get("last-event-id"));

describe("live events", () => {
  const clock = useClock();

  it("are given as they come, until the end", async () => {
    const { reelay, asked } = workerWith([stream([step(1, "created", "queued"), progress(40), step(2), end()])]);
    expect(await all(reelay.events("g1"))).to.deep.equal([
      {
        type: "step",
        id: "1",
        step: "created",
        at: "2026-01-01T00:00:00.000Z",
        attempt: 1,
        status: "queued",
        phase: "rendering",
        progress: 1,
      },
      { type: "progress", status: "processing", phase: "rendering", progress: 40 },
      {
        type: "step",
        id: "2",
        step: "step2",
        at: "2026-01-01T00:00:00.000Z",
        attempt: 1,
        status: "processing",
        phase: "rendering",
        progress: 2,
      },
      { type: "end", status: "completed" },
    ]);
    expect(asked).to.have.length(1);
    expect(asked[0]?.path).to.equal("/api/generations/g1/events");
    expect(asked[0]?.headers.get("accept")).to.equal("text/event-stream");
    expect(resumedAfter(asked)).to.deep.equal([null]);
  });

  it("are the same however the stream is cut, also within a character and between CR and LF", async () => {
    for (const line of ["\n", "\r\n", "\r"]) {
      const text = `\uFEFF: hello\n\n${step(1, "façade 🎬")}: a comment\nretry: 5\n${progress(7)}${end()}`;
      const bytes = encode(text.replaceAll("\n", line));
      const cuts = [...bytes.keys()].map((at) => [bytes.slice(0, at), bytes.slice(at)]);
      const single = [...bytes].map((byte) => Uint8Array.of(byte));
      for (const chunks of [...cuts, single]) {
        const { reelay } = workerWith([stream(chunks)]);
        const events = await all(reelay.events("g1"));
        expect(brief(events)).to.deep.equal(["1", "progress", "end"]);
        expect(events[0]).to.include({ step: "façade 🎬" });
      }
    }
  });

  it("may be written over several lines of data, and with fields and kinds that nobody knows", async () => {
    const chunks = [
      'event: end\ndata: {"status":\ndata:"failed"}\nother: 1\nstrange\n\n'.replace("event: end", "event: later"),
      "event: step\n\n",
      'data: {"no": "kind"}\n\n',
      'event: end\ndata: {"status":\ndata:"failed"}\nother: 1\nstrange\n\n',
    ];
    const { reelay } = workerWith([stream(chunks)]);
    expect(await all(reelay.events("g1"))).to.deep.equal([{ type: "end", status: "failed" }]);
  });

  it("begin after lastEventId", async () => {
    const { reelay, asked } = workerWith([stream([step(8), end()])]);
    expect(brief(await all(reelay.events("g1", { lastEventId: "7" })))).to.deep.equal(["8", "end"]);
    expect(resumedAfter(asked)).to.deep.equal(["7"]);
  });

  it("go on after the last step when a stream ends without an end or breaks, a message cut in two included", async () => {
    const { reelay, asked } = workerWith([
      stream([step(1), step(2), progress(5)]),
      stream([step(3), step(4).slice(0, -1)]),
      stream([step(4)], BROKEN),
      stream([": still there\n\n"]),
      stream([step(5), end()]),
    ]);
    const events = await all(reelay.events("g1"));
    expect(brief(events)).to.deep.equal(["1", "2", "progress", "3", "4", "5", "end"]);
    expect(resumedAfter(asked)).to.deep.equal([null, "2", "3", "4", "4"]);
    for (const delay of clock.pauses()) expect(delay).to.be.within(250, 500);
  });

  it("go on after a stream that has become silent, which is closed", async () => {
    clock.never = clock.never.filter((delay) => delay !== SILENCE_MS);
    let closed = 0;
    const { reelay, asked } = workerWith([
      stream([step(1)], OPEN, () => {
        closed += 1;
      }),
      stream([step(2), end()]),
    ]);
    // The timer fires immediately, so it is first only if no chunk comes.
    const events = reelay.events("g1")[Symbol.asyncIterator]();
    const seen = [];
    for (let next = await events.next(); !next.done; next = await events.next()) seen.push(next.value);
    expect(brief(seen)).to.deep.equal(["1", "2", "end"]);
    expect(resumedAfter(asked)).to.deep.equal([null, "1"]);
    expect(closed).to.equal(1);
  });

  it("end without an end where nothing is left to tell", async () => {
    const { reelay, asked } = workerWith([stream([step(1)]), nothingLeft]);
    expect(brief(await all(reelay.events("g1")))).to.deep.equal(["1"]);
    expect(asked).to.have.length(2);
  });

  it("wait as long as the worker asks before they come back", async () => {
    const { reelay } = workerWith([tooMany, stream([step(1)]), unavailable, stream([end()])]);
    expect(brief(await all(reelay.events("g1")))).to.deep.equal(["1", "end"]);
    expect(clock.pauses()[0]).to.equal(3_000);
  });

  it("give up after more than maxRetries failures in a row, and something heard begins the count anew", async () => {
    const dead = workerWith([lost, stream([]), unavailable]);
    expect((await failureOf(all(dead.reelay.events("g1")))).code).to.equal("unavailable");
    expect(dead.asked).to.have.length(3);
    const empty = workerWith([stream([]), stream([]), stream([])]);
    expect(await failureOf(all(empty.reelay.events("g1")))).to.include({ code: "network_error", retryable: true });
    const alive = workerWith([lost, lost, stream([": hello\n\n"]), lost, lost, stream([end()])]);
    expect(brief(await all(alive.reelay.events("g1")))).to.deep.equal(["end"]);
  });

  it("are not asked for again where that is no use", async () => {
    for (const answer of [problem(404, "not_found"), problem(401, "unauthorized"), json({ success: true })]) {
      const { reelay, asked } = workerWith([answer]);
      expect((await failureOf(all(reelay.events("g1")))).retryable).to.equal(false);
      expect(asked).to.have.length(1);
    }
  });

  it("that are not Reelay's are an unexpected answer, and so is a message without an end", async () => {
    const endless = Array(40).fill(`data: ${"x".repeat(64 * 1024)}`);
    for (const chunks of [["event: end\ndata: nonsense\n\n"], ["event: step\ndata: {}\n\n"], endless]) {
      const { reelay } = workerWith([stream(chunks)]);
      expect((await failureOf(all(reelay.events("g1")))).code).to.equal("unexpected_answer");
    }
  });

  it("close their stream when nobody wants more of them", async () => {
    const closed = new Promise((resolve) => {
      const { reelay } = workerWith([stream([step(1)], OPEN, () => resolve(true))]);
      (async () => {
        for await (const event of reelay.events("g1")) if (event.type === "step") break;
      })();
    });
    expect(await closed).to.equal(true);
  });

  it("reject with the caller's reason when they are aborted, silent or about to come back", async () => {
    const reason = new Error("gone");
    const waiting = workerWith([stream([step(1)], OPEN)]);
    const abort = new AbortController();
    const failure = (async () => {
      for await (const event of waiting.reelay.events("g1", { signal: abort.signal }))
        if (event.type === "step") Promise.resolve().then(() => abort.abort(reason));
    })();
    expect(await failureOf(failure)).to.equal(reason);
    const opening = workerWith([silent]);
    const second = new AbortController();
    const events = failureOf(all(opening.reelay.events("g1", { signal: second.signal })));
    second.abort(reason);
    expect(await events).to.equal(reason);
  });
});
