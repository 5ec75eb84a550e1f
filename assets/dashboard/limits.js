// The limits that an operator may change at run time, over the worker's settings.

import { confirmed } from "./dialog.js";
import { h, setText } from "./dom.js";
import { field } from "./field.js";
import { clock } from "./format.js";
import { actionButton, errorNote } from "./parts.js";

/** The name of each limit, and whether it is an amount of US dollars. */
const LIMITS = {
  maxConcurrentJobs: ["Jobs at once"],
  maxConcurrentJobsPerUser: ["Jobs of one user at once"],
  maxSubmitsPerMinute: ["Submits per minute, for each model"],
  maxCostPerDay: ["Budget per day, in US dollars", true],
  maxCostPerUserPerDay: ["Budget per user and day, in US dollars", true],
};

/** @typedef {{name: string, setting: string, value: number|null, origin: "setting"|"runtime", settingValue: number|null, changedBy?: string, changedAt?: string}} Limit */

/** @param {import("./shell.js").App} app */
export function limits(app) {
  const note = errorNote();
  const send = async (changes, said) => {
    for (const row of Object.values(rows)) row.complain("");
    try {
      show(await app.api.patch("/api/queue/settings", { body: changes }));
      app.say(said);
      app.look();
    } catch (error) {
      const errors = (error.errors ?? []).filter(({ pointer }) => rows[pointer?.slice(1)]);
      for (const { pointer, detail } of errors) rows[pointer.slice(1)].complain(`It ${detail}.`);
      if (errors.length === 0) throw error;
    }
  };
  const rows = Object.fromEntries(Object.keys(LIMITS).map((name) => [name, row(name, send, note)]));
  const show = ({ settings }) => {
    for (const limit of settings) rows[limit.name]?.update(limit);
  };
  const save = async () => {
    const changed = Object.entries(rows).filter(([, own]) => own.changed() !== undefined);
    if (changed.length === 0) return note.show("No limit was changed.");
    const lines = changed.map(([name, own]) => `${LIMITS[name][0]}: ${own.changed() ?? "the setting"}`);
    const yes = await confirmed("Change these limits?", `${lines.join(". ")}. They apply at once.`, "Change", "Leave");
    if (!yes) return undefined;
    return send(Object.fromEntries(changed.map(([name, own]) => [name, own.changed()])), "The limits are changed.");
  };
  const button = actionButton("Save the limits", save, { className: "primary", note });
  app.api.get("/api/queue/settings").then(show, note.show);
  return {
    element: h(
      "section",
      { className: "panel", attributes: { "aria-label": "Limits" } },
      h("h2", {}, "Limits"),
      h("p", { className: "quiet" }, "A change replaces the setting at once, also after deploys, until it is reset."),
      h("div", { className: "fields" }, ...Object.values(rows).map((own) => own.element)),
      note.element,
      h("div", { className: "actions" }, button),
    ),
    stop() {},
  };
}

function row(name, send, note) {
  const [label, isMoney] = LIMITS[name];
  const input = h("input", { type: "number", min: 0, step: isMoney ? "any" : 1, inputMode: "decimal" });
  const own = field(label, input);
  const origin = h("small");
  let shown = "";
  const undo = async () => {
    const yes = await confirmed("Reset this limit?", `${label} is the setting again.`, "Reset", "Leave it");
    if (yes) await send({ [name]: null }, "The limit is reset.");
  };
  const reset = actionButton("Reset", undo, { className: "bare", note });
  reset.setAttribute("aria-label", `Reset: ${label}`);
  own.element.append(h("div", { className: "origin" }, origin, reset));
  return {
    element: own.element,
    complain: own.complain,
    /** The entered number, null if the field was emptied; undefined if it is the one in force. */
    changed() {
      if (input.value === shown) return undefined;
      return input.value === "" ? null : Number(input.value);
    },
    /** @param {Limit} limit */
    update(limit) {
      shown = limit.value === null ? "" : String(limit.value);
      input.value = shown;
      reset.hidden = limit.origin === "setting";
      own.element.dataset.origin = limit.origin;
      setText(origin, originSaid(limit));
    },
  };
}

/** Where a limit's value comes from, as a sentence. Pure. @param {Limit} limit */
export function originSaid({ origin, setting, settingValue, changedBy, changedAt }) {
  const own = settingValue === null ? `${setting} is not set.` : `${setting} is ${settingValue}.`;
  return origin === "setting" ? own : `Changed by ${changedBy} at ${clock(changedAt)}. ${own}`;
}
