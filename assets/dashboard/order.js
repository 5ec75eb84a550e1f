// The dialog for a new generation. Its id is made once, so that however often it is sent, it is ordered once.

import { openDialog } from "./dialog.js";
import { h } from "./dom.js";
import { orderFields } from "./order_fields.js";
import { errorNote } from "./parts.js";
import { jobRoute } from "./route.js";

/** @param {import("./shell.js").App} app */
export async function openOrder(app) {
  const note = errorNote();
  const id = newId();
  const button = h("button", { className: "primary", disabled: true }, "Order it");
  const cost = h("span", { className: "estimate quiet", attributes: { role: "status" } });
  const place = h("div", {}, h("p", { className: "quiet" }, "Asking which models there are …"));
  let fields;
  let sent;
  const send = async (close) => {
    // Two clicks are one order: the second finds the first under way.
    if (!fields || sent) return;
    note.show(undefined);
    fields.complain([]);
    const { user, order } = fields.read();
    if (!user) return fields.complain([{ pointer: "/userId", detail: "must name the user it is for" }]);
    sent = true;
    button.disabled = true;
    try {
      const { generationId } = await app.api.post("/api/generations", { user, body: { ...order, generationId: id } });
      close();
      app.say("It is ordered.");
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

/** An id that no other order has, also where the page is not served securely. */
function newId() {
  const numbers = crypto.getRandomValues(new Uint8Array(16));
  return `d-${[...numbers].map((number) => number.toString(16).padStart(2, "0")).join("")}`;
}
