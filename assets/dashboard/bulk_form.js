// The form that says which generations a bulk takes.

import { fill, h } from "./dom.js";
import { field } from "./field.js";
import { ERROR_CODES, plain, STATUSES } from "./words.js";

const ACTIONS = {
  retry: ["failed", "cancelled"],
  cancel: ["queued", "processing", "pending_clarification", "pending_confirmation"],
};
const ANY = {
  retry: "Failed ones",
  cancel: "All that have not ended",
};

/** @param {import("./shell.js").App} app */
export function bulkForm(app) {
  const option = ([value, text]) => h("option", { value }, text);
  const choice = (...choices) => h("select", {}, choices.map(option));
  const action = choice(["retry", "Retry"], ["cancel", "Cancel"]);
  const status = choice();
  const errorCode = choice(["", "Any"], ...ERROR_CODES.map((code) => [code, plain(code)]));
  const model = choice(["", "Any"]);
  const userId = h("input", { autocomplete: "off", spellcheck: false });
  const [after, before] = [h("input", { type: "datetime-local" }), h("input", { type: "datetime-local" })];
  const offer = () => {
    const words = ACTIONS[action.value].map((word) => [word, STATUSES[word].name]);
    fill(status, ...[["", ANY[action.value]], ...words].map(option));
  };
  action.addEventListener("change", offer);
  offer();
  const take = ({ data }) => {
    for (const own of data.models) {
      model.append(option([`${own.provider}/${own.id}`, `${own.name}, ${own.provider}`]));
    }
  };
  // Without an answer, the bulk works for all models.
  app.api.get("/api/models").then(take, () => {});
  const element = h(
    "div",
    { className: "fields" },
    field("Action", action).element,
    field("Status", status).element,
    field("Error code", errorCode).element,
    field("Model", model).element,
    field("User", userId, "Empty for all users").element,
    field("Created from", after).element,
    field("Created before", before).element,
  );
  return {
    element,
    /** The request, without what a run adds. */
    read() {
      const [provider, ...id] = model.value.split("/");
      const given = {
        status: status.value,
        errorCode: errorCode.value,
        userId: userId.value.trim(),
        provider,
        model: id.join("/"),
        createdAfter: time(after.value),
        createdBefore: time(before.value),
      };
      const filter = Object.fromEntries(Object.entries(given).filter(([, value]) => value));
      const chosen = Object.keys(filter).length > 0 ? filter : { all: true };
      return { action: action.value, filter: chosen };
    },
  };
}

/** The time of a `datetime-local` field as RFC 3339; empty if it is empty. */
function time(value) {
  return value ? new Date(value).toISOString() : "";
}
