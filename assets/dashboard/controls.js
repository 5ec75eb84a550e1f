// The operators' page of controls: what is paused, the limits, and bulks.

import { bulks } from "./bulk.js";
import { h } from "./dom.js";
import { limits } from "./limits.js";
import { pauses } from "./pauses.js";

/** @param {import("./shell.js").App} app */
export function controlsPage(app) {
  const parts = [pauses(app), limits(app), bulks(app)];
  return {
    element: h("div", { className: "page-of controls" }, h("h1", {}, "Controls"), ...parts.map((part) => part.element)),
    title: "Controls",
    route: () => true,
    stop() {
      for (const part of parts) part.stop();
    },
  };
}
