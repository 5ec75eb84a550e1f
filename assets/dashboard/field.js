// A labelled field of a form.

import { h, setAttribute, uniqueId } from "./dom.js";

/** A labelled field with a place for its error. */
export function field(name, input, help) {
  const [id, wrongId] = [uniqueId("field"), uniqueId("wrong")];
  input.id = id;
  const wrong = h("p", { id: wrongId, className: "wrong", hidden: true });
  const element = h(
    "div",
    { className: "field" },
    h("label", { htmlFor: id }, name),
    input,
    help && h("small", {}, help),
    wrong,
  );
  return {
    element,
    complain(text) {
      wrong.textContent = text;
      wrong.hidden = text === "";
      setAttribute(input, "aria-invalid", text === "" ? null : "true");
      setAttribute(input, "aria-describedby", text === "" ? null : wrongId);
    },
  };
}
