// The dialog for a new generation. It makes the id once, so that repeated requests create one
// generation.

import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { orderFields } from "./order_fields.js";
import { errorNote } from "./parts.js";
import { jobRoute } from "./route.js";

/** @param {import("./shell.js").App} app */
export async function openOrder(app) {
  const note = errorNote();
  const id = newId();
  const button = h("button", { className: "primary", disabled: true }, "Create");
  const cost = h("span", { className: "estimate quiet", attributes: { role: "status" } });
  const place = h("div", {}, h("p", { className: "quiet" }, "Loading the models …"));
  let fields;
  let sent;
  const send = async (close) => {
    // A second click does nothing while the first one's request is in progress.
    if (!fields || sent) return;
    note.show(undefined);
    fields.complain([]);
    const { user, order } = fields.read();
    if (!user) return fields.complain([{ pointer: "/userId", detail: "must name the user of the generation" }]);
    sent = true;
    button.disabled = true;
    try {
      const { generationId } = await app.api.post("/api/generations", { user, body: { ...order, generationId: id } });
      close();
      app.say("The generation is created.");
      location.hash = jobRoute(user, generationId);
    } catch (error) {
      if (!fields.complain(error.errors ?? [])) note.show(error);
    } finally {
      sent = false;
      button.disabled = false;
    }
    return undefined;
  };
  openDialog("New generation", (close) =>
    h(
      "form",
      {
        noValidate: true,
        on: {
          submit: (event) => {
            event.preventDefault();
            send(close);
          },
        },
      },
      place,
      note.element,
      h("div", { className: "actions" }, cost, h("button", { type: "button", on: { click: close } }, "Close"), button),
    ),
  );
  try {
    const { data } = await app.api.get("/api/models");
    fields = orderFields(app, data, (text) => {
      cost.textContent = text;
    });
    place.replaceWith(fields.element);
    fields.focus();
    button.disabled = false;
  } catch (error) {
    place.remove();
    note.show(error);
  }
}

/** A random id. `crypto.randomUUID` is missing where the page is not served by HTTPS. */
export function newId() {
  const numbers = crypto.getRandomValues(new Uint8Array(16));
  return `d-${[...numbers].map((number) => number.toString(16).padStart(2, "0")).join("")}`;
}
