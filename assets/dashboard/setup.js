// The operators' page of the setup: the checklist, a test of the receiver, and a free video.

import { checklist, summary } from "./checklist.js";
import { demoOrder } from "./demo.js";
import { h } from "./dom.js";
import { actionButton, errorNote } from "./parts.js";
import { receiverTest } from "./receiver_test.js";

/** @param {import("./shell.js").App} app */
export function setupPage(app) {
  const note = errorNote();
  const list = checklist();
  const result = h("p", { className: "quiet", attributes: { role: "status" } });
  const check = async () => {
    result.textContent = "Checking …";
    try {
      const { checks } = await app.api.get("/api/setup");
      list.update(checks);
      result.textContent = summary(checks);
    } catch (error) {
      result.textContent = "";
      throw error;
    }
  };
  const again = actionButton("Check again", check, { note });
  again.click();
  return {
    element: h(
      "div",
      { className: "page-of setup" },
      h("h1", {}, "Setup"),
      h(
        "section",
        { className: "panel", attributes: { "aria-label": "Checklist" } },
        h("div", { className: "head" }, result, again),
        list.element,
      ),
      note.element,
      receiverTest(app, note),
      demoOrder(app, note),
    ),
    title: "Setup",
    route: () => true,
    stop() {},
  };
}

/** The checks that failed, while there is no generation yet; hidden if there are none. */
export function setupHint(app) {
  const names = h("span");
  const element = h(
    "p",
    { className: "note", hidden: true },
    "Not ready yet: ",
    names,
    ". ",
    h("a", { href: "#/setup" }, "Open the setup"),
  );
  const show = ({ checks }) => {
    const failed = checks.filter(({ state }) => state === "failed").map(({ name }) => name);
    names.textContent = failed.join(", ");
    element.hidden = failed.length === 0;
  };
  // Without an answer there is no hint; the page itself shows that the worker is silent.
  app.api.get("/api/setup").then(show, () => {});
  return element;
}
