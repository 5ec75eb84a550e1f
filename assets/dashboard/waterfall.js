// A timeline as a waterfall: a table in which each step has a bar from its time to the next step's.
//
// All attempts share one axis. It leaves out the time between two attempts and after the last end,
// because webhooks may be repeated for days.

import { fill, h } from "./dom.js";
import { clock, duration } from "./format.js";
import { hasEnded, stepName } from "./words.js";

const LIVE_MS = 1000;
const WAITING = ["created", "requeued", "retried", "confirmed", "clarified", "clarification_needed"];
const BROKEN = /(_failed|_refused|_unknown|_exhausted)$|^failed$/;
const AGAIN = ["retried", "clarified"];

/**
 * @typedef {{step: string, at: string, detail?: string}} Step
 * @typedef {{step: string, at: string, detail?: string, attempt: number, tone: string, took?: number, from?: number, length?: number}} Bar
 * `from` and `length` are shares of the axis; a bar without them lies beyond it.
 */

/**
 * The place of each step's bar. Pure.
 * @param {Step[]} steps @param {number} now ms @param {boolean} ended whether the generation has ended
 * @returns {{bars: Bar[], total: number}}
 */
export function layOut(steps, now, ended) {
  const times = steps.map(({ at }) => new Date(at).getTime());
  const lastEnd = ended ? steps.findLastIndex(({ step }) => hasEnded(step)) : -1;
  let [total, attempt, idle] = [0, 1, false];
  const placed = steps.map((step, index) => {
    if (AGAIN.includes(step.step)) {
      attempt += 1;
      idle = false;
    }
    const next = times[index + 1] ?? (ended ? undefined : Math.max(now, times[index]));
    const took = next === undefined ? undefined : next - times[index];
    idle ||= hasEnded(step.step) && AGAIN.some((word) => steps.slice(index).some((later) => later.step === word));
    const beyond = lastEnd >= 0 && index > lastEnd;
    const length = beyond || idle || index === lastEnd ? 0 : (took ?? 0);
    const bar = { ...step, attempt, tone: toneOf(step.step), took, from: total, length, beyond };
    total += length;
    return bar;
  });
  const share = (ms) => (total > 0 ? ms / total : 0);
  const bars = placed.map(({ beyond, from, length, ...bar }) =>
    beyond ? bar : { ...bar, from: share(from), length: share(length) },
  );
  return { bars, total };
}

function toneOf(step) {
  if (BROKEN.test(step)) return "bad";
  if (step === "completed" || step === "webhook_delivered" || step === "stored") return "good";
  if (WAITING.includes(step)) return "wait";
  return hasEnded(step) ? "" : "busy";
}

export function waterfall() {
  const body = h("tbody");
  const head = ["Step", "At", "Duration", "Took"].map((name, index) =>
    h("th", { scope: "col", className: ["step", "at", "", "took"][index] }, name),
  );
  const element = h("table", { className: "waterfall" }, h("thead", {}, h("tr", {}, head)), body);
  let [steps, ended] = [[], false];
  const draw = () => fill(body, ...rows(layOut(steps, Date.now(), ended).bars));
  // While the generation is active, its last bar grows.
  const timer = setInterval(() => {
    if (!ended && steps.length > 0 && !document.hidden) draw();
  }, LIVE_MS);
  return {
    element,
    /** @param {Step[]} next @param {boolean} over */
    update(next, over) {
      [steps, ended] = [next, over];
      draw();
    },
    stop: () => clearInterval(timer),
  };
}

function rows(bars) {
  const several = bars.some(({ attempt }) => attempt > 1);
  const made = [];
  bars.forEach((bar, index) => {
    if (several && bar.attempt !== bars[index - 1]?.attempt) {
      made.push(
        h("tr", { className: "attempt" }, h("th", { colSpan: 4, scope: "rowgroup" }, `Attempt ${bar.attempt}`)),
      );
    }
    made.push(row(bar));
  });
  return made;
}

function row({ step, at, detail, tone, took, from, length }) {
  const track = h("div", { className: "track", attributes: { "aria-hidden": "true" } });
  if (from !== undefined) {
    const piece = h("div", { className: `piece ${tone}` });
    // A bar without length stays within the axis.
    piece.style.left = `min(${(100 * from).toFixed(3)}%, 100% - 3px)`;
    piece.style.width = `${(100 * length).toFixed(3)}%`;
    track.append(piece);
  }
  return h(
    "tr",
    { data: { step } },
    h("th", { scope: "row", className: "step" }, stepName(step), detail && h("small", { dir: "auto" }, detail)),
    h("td", { className: "at number quiet" }, clock(at)),
    h("td", {}, track),
    h("td", { className: "took number" }, took === undefined ? "" : duration(took)),
  );
}
