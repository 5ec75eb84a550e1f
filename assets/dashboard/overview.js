// The first page: current numbers, plots and the list.

import { setPaused } from "./banner.js";
import { fill, h } from "./dom.js";
import { generationList } from "./list.js";
import { numbers } from "./numbers.js";
import { actionButton, errorNote, segments } from "./parts.js";
import { plots } from "./plots.js";
import { listRoute } from "./route.js";
import { windowsFor } from "./windows.js";

/** @param {import("./shell.js").App} app @param {import("./route.js").Route} route */
export function overviewPage(app, route) {
  const offered = windowsFor(app.session.caller);
  let filters = read(route, offered);
  const change = (changed, replace) => {
    filters = { ...filters, ...changed };
    const address = listRoute("", filters);
    if (replace) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
    app.list = address;
  };
  app.list = location.hash || "#/";
  const [note, unread] = [errorNote(), errorNote()];
  const now = numbers(app);
  // On a phone the plots are closed, so that the list is near the top.
  const lately = h("details", { className: "lately", open: !matchMedia("(max-width: 640px)").matches });
  const drawn = plots(app, filters.window, unread, () => lately.open);
  const list = generationList(app, filters, change);
  const windows = segments("Period of the plots", offered, filters.window, (window) => {
    change({ window });
    drawn.window(window);
  });
  const pause = actionButton("Pause the queue", () => setPaused(app, !app.status()?.paused), { note });
  pause.hidden = !app.operator;
  const stopStatus = app.onStatus((status) => {
    pause.textContent = status.paused ? "Resume the queue" : "Pause the queue";
  });
  fill(lately, h("summary", {}, "Activity"), windows.element, unread.element, drawn.element);
  lately.addEventListener("toggle", drawn.look);
  const element = h(
    "div",
    { className: "page-of overview" },
    h("h1", { className: "unseen" }, "Overview"),
    h("div", { className: "head" }, h("h2", {}, "Now"), pause),
    now.element,
    note.element,
    lately,
    list.element,
  );
  return {
    element,
    title: "Overview",
    route(next) {
      app.list = location.hash || "#/";
      filters = read(next, offered);
      windows.choose(filters.window);
      drawn.window(filters.window);
      list.route(filters);
      return true;
    },
    stop() {
      stopStatus();
      now.stop();
      drawn.stop();
      list.stop();
    },
  };
}

function read({ query }, offered) {
  const known = offered.map(([value]) => value);
  const window = known.includes(query.get("window")) ? query.get("window") : "1h";
  return {
    status: query.get("status") ?? "",
    user: query.get("user") ?? "",
    search: query.get("search") ?? "",
    window,
  };
}
