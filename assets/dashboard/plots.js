// The four plots: queue depth, jobs per minute, wait and processing time.

import { NoAnswer } from "./api.js";
import { fill, h } from "./dom.js";
import { brief, count, duration } from "./format.js";
import { plot } from "./plot.js";

/** The polling interval of each window. A long window changes slowly and its response is large. */
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
    title: "Jobs per minute",
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
    { name: "median", tone: "first" },
    { name: "p95", tone: "second", dashed: true },
  ];
  const wait = plot({ title: "Wait", show: duration, onAxis: brief, least: 1000, lines: percentiles });
  const render = plot({ title: "Processing time", show: duration, onAxis: brief, least: 1000, lines: percentiles });
  const all = [depth, throughput, wait, render];
  const element = h("div", { className: "plots" }, ...all.map(({ element: own }) => own));
  let chosen = window;

  const draw = ({ times, queue, processing }) => {
    const seconds = times.map((time) => new Date(time).getTime() / 1000);
    depth.draw(seconds, [queue.waiting, queue.running], depthSaid(queue));
    const { completed, failed } = processing;
    throughput.draw(seconds, [queue.accepted, completed, failed], throughputSaid(queue.accepted, completed, failed));
    wait.draw(seconds, [queue.waitMs.p50, queue.waitMs.p95], timeSaid(queue.waitMs, "No job started."));
    render.draw(
      seconds,
      [processing.durationMs.p50, processing.durationMs.p95],
      timeSaid(processing.durationMs, "No job ended."),
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
  if (now === undefined) return "There are no samples of this period.";
  return `Last: ${count(now)} waiting, ${count(last(running))} running. Maximum: ${count(most(waiting))} and ${count(most(running))}.`;
}

function throughputSaid(accepted, completed, failed) {
  return `${count(sum(accepted))} accepted, ${count(sum(completed))} completed, ${count(sum(failed))} failed.`;
}

function timeSaid({ p50, p95 }, none) {
  const half = last(p50);
  if (half === undefined) return none;
  return `Last: median ${duration(half)}, p95 ${duration(last(p95))}. Maximum p95: ${duration(most(p95))}.`;
}
