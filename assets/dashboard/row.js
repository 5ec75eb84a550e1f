// One row of the list: a link to the generation that contains its main facts.

import { demoMark } from "./demo.js";
import { h, setAttribute, setText } from "./dom.js";
import { ago, clock, money } from "./format.js";
import { chip } from "./parts.js";
import { jobRoute } from "./route.js";
import { STATUSES } from "./words.js";

/** The key by which the list finds a row again. */
export const rowKey = ({ userId, id }) => `${userId}/${id}`;

export function row() {
  const state = chip(STATUSES);
  const part = (name) => h("span", { className: name });
  const [prompt, user, model, when, cost] = ["prompt", "user", "model", "when number", "cost number"].map(part);
  prompt.dir = "auto";
  const [mark, words] = [demoMark(), h("span")];
  prompt.append(mark.element, words);
  const progress = h("span", { className: "quiet number" });
  const link = h(
    "a",
    {},
    h("span", { className: "state" }, state.element, " ", progress),
    prompt,
    user,
    model,
    when,
    cost,
  );
  const element = h("li", { className: "job-row" }, link);
  return {
    element,
    update(generation) {
      setAttribute(link, "href", jobRoute(generation.userId, generation.id));
      state.update(generation.status);
      setText(progress, generation.queuePosition > 0 ? `no. ${generation.queuePosition}` : "");
      mark.update(generation);
      setText(words, generation.prompt);
      setText(user, generation.userId);
      setText(model, generation.model);
      setText(when, ago(generation.createdAt));
      setAttribute(when, "title", `Created ${clock(generation.createdAt)}`);
      setText(cost, generation.cost === undefined ? "" : money(generation.cost));
      setAttribute(cost, "title", generation.cost === undefined ? null : "Cost so far");
    },
  };
}
