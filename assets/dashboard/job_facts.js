// A generation's order and results as lists.

import { fill, h } from "./dom.js";
import { bytes, clock, duration, money } from "./format.js";
import { facts } from "./parts.js";

/** Times, sizes and costs. */
export function jobFacts() {
  const list = facts();
  return {
    element: list.element,
    update(generation) {
      const { result = {}, startedAt, completedAt } = generation;
      const took =
        result.processingTime ?? (startedAt && completedAt ? new Date(completedAt) - new Date(startedAt) : undefined);
      list.update([
        ["User", generation.userId],
        ["Model", `${generation.model} (${generation.provider})`],
        ["Priority", generation.priority],
        ["Attempts", generation.attempts],
        ["Ordered", clock(generation.createdAt)],
        ["Not before", generation.startAfter && clock(generation.startAfter)],
        ["Started", startedAt && clock(startedAt)],
        ["Ended", completedAt && clock(completedAt)],
        ["Took", took === undefined ? "" : duration(took)],
        ["Cost so far", money(generation.cost ?? 0)],
        ["One render", generation.estimatedCost === undefined ? "" : money(generation.estimatedCost)],
        [
          "File",
          result.fileSize === undefined ? "" : `${bytes(result.fileSize)}, ${result.resolution}, ${result.duration} s`,
        ],
        ["Error code", generation.errorCode],
      ]);
    },
  };
}

/** The order's parameters and metadata, as the app sent them. */
export function jobParameters() {
  const element = h("div");
  let shown;
  return {
    element,
    update({ parameters = {}, metadata = {} }) {
      const key = JSON.stringify([parameters, metadata]);
      if (key === shown) return;
      shown = key;
      const list = facts();
      list.update(
        [...Object.entries(parameters), ...Object.entries(metadata)].map(([name, value]) => [name, text(value)]),
      );
      fill(element, list.element.children.length > 0 ? list.element : h("p", { className: "quiet" }, "None."));
    },
  };
}

/** The order's warnings, such as fields that Reelay ignored; hidden if there are none. */
export function jobWarnings() {
  const list = facts();
  const element = h("section", { className: "panel", hidden: true }, h("h2", {}, "Warnings"), list.element);
  return {
    element,
    /** Older workers send none. An order's warnings never change. */
    update({ warnings = [] }) {
      list.update(warnings.map(({ pointer, detail }) => [pointer || "The order", `It ${detail}.`]));
      element.hidden = warnings.length === 0;
    },
  };
}

function text(value) {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
