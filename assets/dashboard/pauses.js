// The switches that pause the whole queue, a provider or a model.

import { scopeName, setPaused } from "./banner.js";
import { confirmed } from "./dialog.js";
import { h, keep, setText } from "./dom.js";
import { clock } from "./format.js";
import { actionButton, errorNote } from "./parts.js";

/** @typedef {{provider?: string, model?: string, pausedSince?: string, paused: boolean}} Switch */

/** @param {import("./shell.js").App} app */
export function pauses(app) {
  const note = errorNote();
  const list = h("ul", { className: "switches", attributes: { "aria-label": "Pauses" } });
  const known = new Map();
  let [offered, status] = [[]];
  const show = () => {
    if (status) keep(list, known, switches(offered, status), nameOf, (own) => row(app, own, note));
  };
  const stop = app.onStatus((next) => {
    status = next;
    show();
  });
  const take = ({ data }) => {
    offered = data.models;
    show();
  };
  app.api.get("/api/models").then(take, note.show);
  return {
    element: h(
      "section",
      { className: "panel", attributes: { "aria-label": "Pauses" } },
      h("h2", {}, "Pauses"),
      h("p", { className: "quiet" }, "While something is paused, none of its jobs starts. Running jobs continue."),
      note.element,
      list,
    ),
    stop,
  };
}

/**
 * The whole queue, then each provider with its models, offered or paused. Pure.
 * @param {{id: string, provider: string}[]} models
 * @param {any} status
 * @returns {Switch[]}
 */
export function switches(models, status) {
  const paused = status.pausedUpstreams ?? [];
  const scopes = [
    ...models.map(({ provider, id }) => ({ provider, model: id })),
    ...paused.map(({ provider, model }) => ({ provider, model })),
  ];
  const found = [{ paused: status.paused, pausedSince: status.pausedSince }];
  for (const provider of new Set(scopes.map((scope) => scope.provider))) {
    const own = scopes.filter((scope) => scope.provider === provider && scope.model).map((scope) => scope.model);
    for (const model of new Set([undefined, ...own])) {
      const pause = paused.find((one) => one.provider === provider && one.model === model);
      found.push({ provider, model, paused: pause !== undefined, pausedSince: pause?.pausedSince });
    }
  }
  return found;
}

/** @param {Switch} scope */
function nameOf({ provider, model }) {
  return provider ? scopeName({ provider, model }) : "The whole queue";
}

function row(app, first, note) {
  const name = nameOf(first);
  const scope = first.provider ? { provider: first.provider, model: first.model } : undefined;
  let { paused } = first;
  const state = h("span", { className: "quiet" });
  const change = async () => {
    if (!paused && !(await asked(name))) return;
    await setPaused(app, !paused, scope);
  };
  const button = actionButton("Pause", change, { note });
  const element = h("li", { className: first.model ? "model" : "" }, h("strong", {}, name), state, button);
  return {
    element,
    /** @param {Switch} next */
    update(next) {
      paused = next.paused;
      element.dataset.paused = String(paused);
      setText(state, paused ? `Paused since ${clock(next.pausedSince)}` : "Starts jobs");
      setText(button, paused ? "Resume" : "Pause");
      button.setAttribute("aria-label", `${paused ? "Resume" : "Pause"} ${name}`);
    },
  };
}

function asked(name) {
  const text = "No further job of it starts until you resume it. Running jobs continue, and orders are accepted.";
  return confirmed(`Pause ${name}?`, text, "Pause it", "Leave it running");
}
