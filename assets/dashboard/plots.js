// The four plots: depth, throughput, wait and render time.

import { NoAnswer } from "./api.js";
import { fill, h } from "./dom.js";
import { brief, count, duration } from "./format.js";
import { plot } from "./plot.js";

/** How often each window is asked for: a long one changes slowly and is large. */
const EVERY_MS = { "15m": 10_000, "1h": 10_000, "6h": 30_000, "24h": 30_000, "7d": 60_000 };

/** @param {import("./shell.js").App} app @param {string} window @param {{show: (error?: unknown) => void}} note @param {() => boolean} isShown */
export function plots(app, window, note, isShown) {
  const depth = plot({
    title: "In the queue",
    show: count,
    whole: true,
    least: 4,
    lines: [
      { name: "waiting", tone: "first", steps: true },
      { name: "running", tone: "second", steps: true, dashed: true },
    ],
  });
  const throughput = plot({
    title: "A minute",
    show: count,
    whole: true,
    least: 4,
    lines: [
      { name: "accepted", tone: "third", steps: true },
      { name: "completed", tone: "first", steps: true },
      { name: "failed", tone: "second", steps: true, dashed: true },
    ],
  });
  const percentiles = [
    { name: "half within", tone: "first" },
    { name: "95 % within", tone: "second", dashed: true },
  ];
  const wait = plot({ title: "Wait", show: duration, onAxis: brief, least: 1000, lines: percentiles });
  const render = plot({ title: "From start to end", show: duration, onAxis: brief, least: 1000, lines: percentiles });
  const all = [depth, throughput, wait, render];
  const element = h("div", { className: "plots" }, ...all.map(({ element: own }) => own));
  let chosen = window;

  const draw = ({ times, queue, processing }) => {
    const seconds = times.map((time) => new Date(time).getTime() / 1000);
    depth.draw(seconds, [queue.waiting, queue.running], depthSaid(queue));
    const { completed, failed } = processing;
    throughput.draw(seconds, [queue.accepted, completed, failed], throughputSaid(queue.accepted, completed, failed));
    wait.draw(seconds, [queue.waitMs.p50, queue.waitMs.p95], timeSaid(queue.waitMs, "Nothing was started."));
    render.draw(
      seconds,
      [processing.durationMs.p50, processing.durationMs.p95],
      timeSaid(processing.durationMs, "Nothing has ended."),
    );
  };
  const ask = async () => {
    if (!isShown()) return;
    const asked = chosen;
    try {
      const { metrics } = await app.api.get("/api/metrics", { query: { window: asked } });
      if (asked !== chosen) return;
      note.show(undefined);
      draw(metrics);
    } catch (error) {
      if (!(error instanceof NoAnswer)) note.show(error);
      throw error;
    }
  };
  const task = app.pulse.every(ask, () => EVERY_MS[chosen]);
  return {
    element,
    window(next) {
      if (next === chosen) return;
      chosen = next;
      task.now();
    },
    look: () => task.now(),
    stop() {
      task.stop();
      for (const own of all) own.stop();
      fill(element);
    },
  };
}

const sum = (numbers) => numbers.reduce((total, number) => total + (number ?? 0), 0);
const most = (numbers) => numbers.reduce((found, number) => Math.max(found, number ?? 0), 0);
const last = (numbers) => numbers.findLast((number) => number !== null && number !== undefined);

function depthSaid({ waiting, running }) {
  const now = last(waiting);
  if (now === undefined) return "No sample was taken in this time.";
  return `Last ${count(now)} waiting and ${count(last(running))} running; at most ${count(most(waiting))} and ${count(most(running))}.`;
}

function throughputSaid(accepted, completed, failed) {
  return `${count(sum(accepted))} accepted, ${count(sum(completed))} completed, ${count(sum(failed))} failed.`;
}

function timeSaid({ p50, p95 }, none) {
  const half = last(p50);
  if (half === undefined) return none;
  return `Last: half within ${duration(half)}, 95 % within ${duration(last(p95))}; at most ${duration(most(p95))}.`;
}
