// Bulks: an operator counts, then cancels or retries many generations, and follows the progress.

import { bulkForm } from "./bulk_form.js";
import { confirmed } from "./dialog.js";
import { h, keep, setText } from "./dom.js";
import { clock, count, money } from "./format.js";
import { actionButton, chip, errorNote } from "./parts.js";
import { BULK_STATES, plain } from "./words.js";

const EVERY_MS = 2000;

/** @param {import("./shell.js").App} app */
export function bulks(app) {
  const note = errorNote();
  const list = h("ul", { className: "bulks", attributes: { "aria-label": "Bulks" } });
  const none = h("p", { className: "quiet" }, "No bulk was started yet.");
  const known = new Map();
  const load = async () => {
    const { data } = await app.api.get("/api/bulk");
    none.hidden = data.length > 0;
    keep(
      list,
      known,
      data,
      ({ id }) => id,
      () => row(app, note, () => task.now()),
    );
  };
  const form = bulkForm(app);
  const said = h("p", { className: "quiet", attributes: { role: "status" } });
  const run = async () => {
    setText(said, "");
    const request = form.read();
    const told = await app.api.post("/api/bulk", { body: request });
    if (told.count === 0) return setText(said, "No generation matches.");
    if (!(await asked(request.action, told))) return undefined;
    const { count: chosen, maxCost } = told;
    await app.api.post("/api/bulk", { body: { ...request, dryRun: false, count: chosen, maxCost } });
    setText(said, "The bulk is running.");
    return task.now();
  };
  const button = actionButton("Count them", run, { className: "primary", note });
  const task = app.pulse.every(load, () => EVERY_MS);
  return {
    element: h(
      "section",
      { className: "panel", attributes: { "aria-label": "Bulk" } },
      h("h2", {}, "Cancel or retry many"),
      form.element,
      note.element,
      h("div", { className: "actions" }, said, button),
      none,
      list,
    ),
    stop: () => task.stop(),
  };
}

function asked(action, { count: chosen, maxCost }) {
  const many = chosen === 1 ? "1 generation" : `${count(chosen)} generations`;
  const text =
    action === "retry"
      ? `Each gets a new attempt. By list price they cost at most ${money(maxCost)} together.`
      : "They end at once. Renders in progress may still be charged.";
  const word = plain(action);
  return confirmed(`${word} ${many}?`, text, `${word} ${many}`, "Do nothing");
}

function row(app, note, onChange) {
  let bulk;
  const state = chip(BULK_STATES);
  const [title, told] = [h("strong"), h("p", { className: "quiet" })];
  const bar = h("progress", { attributes: { "aria-label": "Progress" } });
  const halt = async () => {
    const text = "Generations that it has not reached stay as they are.";
    if (!(await confirmed("Stop this bulk?", text, "Stop it", "Let it run"))) return;
    await app.api.post(`/api/bulk/${encodeURIComponent(bulk.id)}/stop`);
    app.say("The bulk is stopped.");
    onChange();
  };
  const stop = actionButton("Stop", halt, { className: "danger", note });
  const element = h("li", {}, h("div", { className: "head" }, title, state.element, stop), bar, told);
  return {
    element,
    update(next) {
      bulk = next;
      element.dataset.state = next.state;
      state.update(next.state);
      setText(title, `${plain(next.action)}: ${filterSaid(next.filter)}`);
      bar.max = Math.max(1, next.count);
      bar.value = next.count - next.left;
      bar.hidden = next.endedAt !== undefined;
      stop.hidden = next.state !== "running";
      stop.setAttribute("aria-label", `Stop bulk ${next.id}`);
      setText(told, progressSaid(next));
    },
  };
}

/** A bulk's filter in words. Pure. */
export function filterSaid(filter) {
  const words = Object.entries(filter).map(([name, value]) => `${plain(spaced(name)).toLowerCase()} ${value}`);
  return words.length === 0 ? "all" : words.join(", ");
}

/** A bulk's progress in words. Pure. */
export function progressSaid({ count: chosen, left, done, leftAlone, maxCost, startedBy, startedAt, action }) {
  const alone = Object.entries(leftAlone).map(([reason, own]) => `${count(own)} ${plain(reason).toLowerCase()}`);
  const parts = [
    `${count(done)} of ${count(chosen)} done`,
    left > 0 && `${count(left)} left`,
    alone.length > 0 && `left alone: ${alone.join(", ")}`,
    action === "retry" && `at most ${money(maxCost)}`,
    `started by ${startedBy} at ${clock(startedAt)}`,
  ];
  return `${parts.filter(Boolean).join("; ")}.`;
}

function spaced(name) {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
