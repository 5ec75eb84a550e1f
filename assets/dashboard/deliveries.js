// A table of deliveries. Operators get a button that sends a webhook again.

import { h, keep, setText } from "./dom.js";
import { ago, clock } from "./format.js";
import { actionButton, chip } from "./parts.js";
import { jobRoute } from "./route.js";
import { DELIVERY_STATES } from "./words.js";

/**
 * @param {import("./shell.js").App} app
 * @param {{ofOneJob: boolean, note: any, onChange: () => void}} options
 */
export function deliveryTable(app, { ofOneJob, note, onChange }) {
  const columns = [
    "State",
    ofOneJob ? "Event" : "Event and generation",
    "Attempts",
    "When",
    app.operator ? "Action" : "",
  ];
  const body = h("tbody");
  const known = new Map();
  const head = columns
    .filter(Boolean)
    .map((name) => h("th", { scope: "col", className: name === "Action" ? "act" : "" }, name));
  const element = h("table", { className: "deliveries", hidden: true }, h("thead", {}, h("tr", {}, head)), body);
  const redeliver = async ({ id }) => {
    const { delivery } = await app.api.post(`/api/webhooks/deliveries/${encodeURIComponent(id)}/redeliver`);
    known.get(id)?.update(delivery);
    app.say("The webhook is being sent again.");
    app.look();
    onChange();
  };
  const make = (first) => row(first, { app, ofOneJob, note, redeliver });
  return {
    element,
    /** @param {any[]} deliveries */
    update(deliveries) {
      element.hidden = deliveries.length === 0;
      keep(body, known, deliveries, ({ id }) => id, make);
    },
  };
}

function row(first, { app, ofOneJob, note, redeliver }) {
  let delivery = first;
  const state = chip(DELIVERY_STATES);
  const event = h("span", { className: "mono" });
  const link = h("a", { className: "mono" });
  const attempts = h("td", { className: "number" });
  const when = h("td", { className: "quiet number" });
  const again = app.operator ? actionButton("Send again", () => redeliver(delivery), { note }) : undefined;
  const what = h("td", {}, event, ofOneJob ? null : h("div", {}, link));
  const element = h(
    "tr",
    {},
    h("td", {}, state.element),
    what,
    attempts,
    when,
    again && h("td", { className: "act" }, again),
  );
  return {
    element,
    update(next) {
      delivery = next;
      state.update(next.state);
      setText(event, next.event);
      setText(link, `${next.userId} / ${next.generationId}`);
      link.href = jobRoute(next.userId, next.generationId);
      setText(attempts, triedSaid(next));
      setText(when, whenSaid(next));
      element.dataset.state = next.state;
      if (again) {
        again.disabled = next.state === "pending";
        again.setAttribute("aria-label", `Send again: ${next.event} of ${next.generationId}`);
      }
    },
  };
}

function triedSaid({ attempts, lastStatus, state }) {
  const tries = attempts === 1 ? "1 attempt" : `${attempts} attempts`;
  if (attempts === 0) return "Not tried yet";
  return lastStatus ? `${tries}, last status ${lastStatus}` : `${tries}${state === "delivered" ? "" : ", no answer"}`;
}

function whenSaid({ state, createdAt, nextAttemptAt, deliveredAt, exhaustedAt }) {
  if (state === "delivered" && deliveredAt) return `Delivered ${clock(deliveredAt)}`;
  if (state === "exhausted" && exhaustedAt) return `Exhausted ${clock(exhaustedAt)}`;
  if (nextAttemptAt) return `Next attempt ${clock(nextAttemptAt)}`;
  return `Created ${ago(createdAt)}`;
}
