// The operators' page of all webhooks, with forms to send exhausted ones again and to test the
// receiver.

import { recoverSince } from "./banner.js";
import { deliveryTable } from "./deliveries.js";
import { h } from "./dom.js";
import { count } from "./format.js";
import { pager } from "./pager.js";
import { actionButton, errorNote, segments } from "./parts.js";
import { receiverTest } from "./receiver_test.js";
import { listRoute } from "./route.js";
import { DELIVERY_STATES } from "./words.js";

const PAGE = 25;
const EVERY_MS = 3000;
const DAY_MS = 86_400_000;

/** @param {import("./shell.js").App} app @param {import("./route.js").Route} route */
export function deliveriesPage(app, route) {
  let state = read(route);
  const note = errorNote();
  const table = deliveryTable(app, { ofOneJob: false, note, onChange: () => pages.now() });
  const empty = h("p", { className: "empty", hidden: true }, "No webhooks match this filter.");
  const pages = pager(app, {
    ask: (after) => app.api.get("/api/webhooks/deliveries", { query: { state, limit: PAGE, after } }),
    show({ data }) {
      table.update(data);
      empty.hidden = data.length > 0;
    },
    everyMs: () => EVERY_MS,
  });
  const choose = (chosen) => {
    state = chosen;
    pages.restart();
  };
  const choices = [["", "All"], ...Object.entries(DELIVERY_STATES).map(([word, { name }]) => [word, name])];
  const states = segments("State", choices, state, (chosen) => {
    history.pushState(null, "", listRoute("deliveries", { state: chosen }));
    choose(chosen);
  });
  const element = h(
    "div",
    { className: "page-of" },
    h("h1", {}, "Deliveries"),
    recovery(app, note, pages.now),
    receiverTest(app, note),
    note.element,
    h(
      "section",
      { className: "panel list", attributes: { "aria-label": "Deliveries" } },
      h("div", { className: "head" }, states.element),
      pages.note,
      table.element,
      empty,
      pages.element,
    ),
  );
  return {
    element,
    title: "Deliveries",
    route(given) {
      states.choose(read(given));
      choose(read(given));
      return true;
    },
    stop: pages.stop,
  };
}

/** The form that sends the webhooks again that were exhausted since a time. */
function recovery(app, note, onChange) {
  const since = h("input", {
    id: "recover-since",
    type: "datetime-local",
    value: local(new Date(Date.now() - DAY_MS)),
  });
  const said = h("p", { className: "quiet", attributes: { role: "status" } });
  const recover = async () => {
    const at = new Date(since.value);
    if (Number.isNaN(at.getTime())) throw new Error("Enter a date and a time.");
    const recovered = await recoverSince(app, at.toISOString());
    said.textContent = recovered === 1 ? "Sending 1 webhook again." : `Sending ${count(recovered)} webhooks again.`;
    onChange();
  };
  const label = h("label", { htmlFor: "recover-since" }, "Exhausted since");
  return h(
    "section",
    { className: "panel choices", attributes: { "aria-label": "Send again" } },
    label,
    since,
    actionButton("Send all again", recover, { note }),
    said,
  );
}

/** The format of a `datetime-local` field: local time without a zone. */
function local(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function read({ query }) {
  const state = query.get("state") ?? "";
  return state in DELIVERY_STATES ? state : "";
}
