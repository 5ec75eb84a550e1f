// The fields of an order, with the values that the chosen model allows, and the estimated cost.

import { fill, h } from "./dom.js";
import { field } from "./field.js";
import { money } from "./format.js";

const MICROS = 1e6;

/**
 * @param {import("./shell.js").App} app
 * @param {{models: any[], defaultModel: string|null, maxPriority: number}} catalogue
 * @param {(text: string) => void} tellCost
 */
export function orderFields(app, { models, defaultModel, maxPriority }, tellCost) {
  const { caller, actsFor } = app.session;
  const named = caller.kind !== "user" || caller.operator;
  const model = choice(models.map((own, index) => [String(index), `${own.name}, ${own.provider}`]));
  model.value = String(
    Math.max(
      0,
      models.findIndex(({ id }) => id === defaultModel),
    ),
  );
  const [resolution, duration, ratio] = [choice([]), choice([]), choice([])];
  const prompt = h("textarea", { required: true, maxLength: 5000, dir: "auto" });
  const priority = h("input", { type: "number", min: 0, max: maxPriority, step: 1, value: "0", inputMode: "numeric" });
  const user = h("input", {
    value: actsFor ?? caller.userId ?? "",
    required: true,
    autocomplete: "off",
    spellcheck: false,
  });
  const fields = {
    "/prompt": field("Prompt", prompt),
    "/model": field("Model", model),
    "/parameters/resolution": field("Resolution", resolution),
    "/parameters/duration": field("Duration", duration),
    "/parameters/aspectRatio": field("Aspect ratio", ratio),
    "/priority": field("Priority", priority, `0 to ${maxPriority}; each level moves the job forward by a minute`),
    "/userId": field("For user", user),
  };
  const chosen = () => models[Number(model.value)];
  const estimate = () => {
    const size = chosen()?.resolutions.find(({ name }) => name === resolution.value);
    tellCost(size ? `About ${money((size.priceMicrosPerSecond / MICROS) * Number(duration.value))}` : "");
  };
  const offerDurations = () => {
    const { durations, defaultDuration, resolutions } = chosen();
    const size = resolutions.find(({ name }) => name === resolution.value);
    const offered = durations.filter((seconds) => !size || size.durations.includes(seconds));
    offer(
      duration,
      offered.map((seconds) => [String(seconds), `${seconds} s`]),
      String(defaultDuration),
    );
    estimate();
  };
  const offerAll = () => {
    if (!chosen()) return;
    offer(
      resolution,
      chosen().resolutions.map(({ name }) => [name, name]),
    );
    offer(
      ratio,
      chosen().aspectRatios.map((own) => [own, own]),
    );
    offerDurations();
  };
  model.addEventListener("change", offerAll);
  resolution.addEventListener("change", offerDurations);
  duration.addEventListener("change", estimate);
  offerAll();
  const part = (pointer) => fields[pointer].element;
  const element = h(
    "div",
    {},
    part("/prompt"),
    h(
      "div",
      { className: "fields" },
      ["/model", "/resolution", "/duration", "/aspectRatio"].map((name) =>
        part(fields[name] ? name : `/parameters${name}`),
      ),
      maxPriority > 0 && part("/priority"),
      named && part("/userId"),
    ),
  );
  return {
    element,
    focus: () => prompt.focus(),
    read() {
      const parameters = { duration: Number(duration.value), aspectRatio: ratio.value, resolution: resolution.value };
      const order = { prompt: prompt.value, priority: Number(priority.value), parameters };
      if (chosen()) Object.assign(order, { provider: chosen().provider, model: chosen().id });
      return { user: named ? user.value.trim() : caller.userId, order };
    },
    /** Shows each error beside its field; returns whether every error has a field. */
    complain(errors) {
      for (const own of Object.values(fields)) own.complain("");
      const known = errors.filter(({ pointer, header }) => fields[pointer ?? (header ? "/userId" : "")]);
      for (const { pointer, detail } of known) fields[pointer ?? "/userId"].complain(`It ${detail}.`);
      element.querySelector("[aria-invalid]")?.focus();
      return errors.length > 0 && known.length === errors.length;
    },
  };
}

function choice(choices) {
  const element = h("select");
  offer(element, choices);
  return element;
}

/** Replaces the choices. The chosen one stays chosen if it is still offered. */
function offer(element, choices, usual) {
  const before = element.value;
  fill(element, ...choices.map(([value, text]) => h("option", { value }, text)));
  const values = choices.map(([value]) => value);
  element.value = [before, usual].find((value) => values.includes(value)) ?? values[0] ?? "";
}
