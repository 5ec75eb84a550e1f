// For operators: every webhook, and what sends those again that were given up.

import { NoAnswer } from "./api.js";
import { recoverSince } from "./banner.js";
import { deliveryTable } from "./deliveries.js";
import { h, setText } from "./dom.js";
import { count } from "./format.js";
import { actionButton, errorNote, segments } from "./parts.js";
import { listRoute } from "./route.js";
import { DELIVERY_STATES } from "./words.js";

const PAGE = 25;
const EVERY_MS = 3000;
const DAY_MS = 86_400_000;
/** The longest a timer can wait. */
const NEVER_MS = 2 ** 31 - 1;

/** @param {import("./shell.js").App} app @param {import("./route.js").Route} route */
export function deliveriesPage(app, route) {
  let state = read(route);
  let cursors = [undefined];
  let next;
  let asked = 0;
  const [note, unread] = [errorNote(), errorNote()];
  const table = deliveryTable(app, { ofOneJob: false, note, onChange: () => task.now() });
  const empty = h("p", { className: "empty", hidden: true }, "There are no such webhooks.");
  const place = h("span", { className: "quiet", attributes: { "aria-live": "polite" } });
  const turn = (by) => {
    cursors = by > 0 ? [...cursors, next] : cursors.slice(0, -1);
    task.now();
  };
  const back = h("button", { type: "button", disabled: true, on: { click: () => turn(-1) } }, "Newer");
  const forth = h("button", { type: "button", disabled: true, on: { click: () => turn(1) } }, "Older");
  const load = async () => {
    asked += 1;
    const mine = asked;
    try {
      const query = { state, limit: PAGE, after: cursors.at(-1) };
      const page = await app.api.get("/api/webhooks/deliveries", { query });
      if (mine !== asked) return;
      unread.show(undefined);
      next = page.hasMore ? page.nextCursor : undefined;
      table.update(page.data);
      empty.hidden = page.data.length > 0;
      [back.disabled, forth.disabled] = [cursors.length === 1, next === undefined];
      setText(place, cursors.length === 1 && next === undefined ? "" : `Page ${cursors.length}`);
    } catch (error) {
      if (mine === asked && !(error instanceof NoAnswer)) unread.show(error);
      throw error;
    }
  };
  const choose = (chosen) => {
    state = chosen;
    cursors = [undefined];
    task.now();
  };
  const choices = [["", "All"], ...Object.entries(DELIVERY_STATES).map(([word, { name }]) => [word, name])];
  const states = segments("State", choices, state, (chosen) => {
    history.pushState(null, "", listRoute("deliveries", { state: chosen }));
    choose(chosen);
  });
  const task = app.pulse.every(load, () => (cursors.length === 1 ? EVERY_MS : NEVER_MS));
  const element = h(
    "div",
    { className: "page-of" },
    h("h1", {}, "Deliveries"),
    recovery(app, note, () => task.now()),
    note.element,
    h(
      "section",
      { className: "panel list", attributes: { "aria-label": "Deliveries" } },
      h("div", { className: "head" }, states.element),
      unread.element,
      table.element,
      empty,
      h("div", { className: "actions" }, place, back, forth),
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
    stop: () => task.stop(),
  };
}

/** The form that sends again what was given up since some time. */
function recovery(app, note, onChange) {
  const since = h("input", {
    id: "recover-since",
    type: "datetime-local",
    value: local(new Date(Date.now() - DAY_MS)),
  });
  const said = h("p", { className: "quiet", attributes: { role: "status" } });
  const recover = async () => {
    const at = new Date(since.value);
    if (Number.isNaN(at.getTime())) throw new Error("Enter a day and a time.");
    const recovered = await recoverSince(app, at.toISOString());
    said.textContent = recovered === 1 ? "1 webhook is sent again." : `${count(recovered)} webhooks are sent again.`;
    onChange();
  };
  const label = h("label", { htmlFor: "recover-since" }, "Given up since");
  return h(
    "section",
    { className: "panel choices", attributes: { "aria-label": "Send again" } },
    label,
    since,
    actionButton("Send all again", recover, { note }),
    said,
  );
}

/** A time as the field wants it: local, without a zone. */
function local(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function read({ query }) {
  const state = query.get("state") ?? "";
  return state in DELIVERY_STATES ? state : "";
}
