// The queue's current state in numbers.

import { h, setText } from "./dom.js";
import { count, duration, money } from "./format.js";
import { alertNames } from "./words.js";

/** @param {import("./shell.js").App} app */
export function numbers(app) {
  const element = h("dl", { className: "numbers" });
  const waiting = number(element, "Waiting");
  const running = number(element, "Running");
  const oldest = number(element, "Oldest wait");
  const webhooks = number(element, "Webhooks in progress");
  const cost = number(element, "Spent today");
  const timers = number(element, "Missing alarms");
  const alerts = number(element, "Alerts firing");
  const stop = app.onStatus((status) => {
    const priorities = Object.entries(status.waitingByPriority ?? {});
    const inLine = priorities.reduce((sum, [, own]) => sum + own, 0);
    waiting.update(count(inLine), priorities.length > 1 || priorities[0]?.[0] > 0 ? byPriority(priorities) : "");
    running.update(count(status.slots.used), `of ${count(status.slots.total)} slots`);
    oldest.update(duration(status.oldestWaitMs), `mode ${status.mode}`);
    webhooks.show(status.webhooks !== undefined);
    webhooks.update(
      count(status.webhooks?.pending),
      status.webhooks?.exhausted ? `${count(status.webhooks.exhausted)} exhausted` : "",
    );
    cost.show(status.cost !== undefined && status.cost !== null);
    cost.update(
      money(status.cost?.today),
      status.cost?.limit === undefined ? "no daily limit" : `of ${money(status.cost.limit)} a day`,
    );
    timers.update(
      count(status.jobsWithoutTimer),
      status.timersRepaired > 0 ? `${count(status.timersRepaired)} re-armed so far` : "",
    );
    alerts.show(status.alerts !== undefined);
    alerts.update(count(status.alerts?.length), alertNames(status.alerts ?? []));
  });
  return { element, stop };
}

function byPriority(priorities) {
  const sorted = priorities.toSorted(([one], [other]) => Number(other) - Number(one));
  return sorted.map(([priority, own]) => `${count(own)} at ${priority}`).join(", ");
}

function number(list, name) {
  const value = h("dd", {}, "–");
  const under = h("dd", { className: "under" });
  const element = h("div", {}, h("dt", {}, name), value, under);
  list.append(element);
  return {
    update(text, below) {
      setText(value, text);
      setText(under, below);
    },
    show(shown) {
      element.hidden = !shown;
    },
  };
}
