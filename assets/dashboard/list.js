// The list of generations with filters, search and pages. Its first page refreshes.

import { isDialogOpen } from "./dialog.js";
import { fill, h, isTyping, keep } from "./dom.js";
import { pager } from "./pager.js";
import { select } from "./parts.js";
import { row, rowKey } from "./row.js";
import { setupHint } from "./setup.js";
import { STATUSES } from "./words.js";

const PAGE = 25;
const EVERY_MS = 3000;
/** A search reads many entries, so it is repeated less often. */
const SEARCH_EVERY_MS = 10_000;
const TYPED_MS = 300;

/**
 * @param {import("./shell.js").App} app
 * @param {{status: string, user: string, search: string}} given
 * @param {(changed: object, replace?: boolean) => void} change writes the filters into the address
 */
export function generationList(app, given, change) {
  let filters = given;
  const rows = new Map();
  const list = h("ul", { className: app.seesAll ? "jobs" : "jobs own", attributes: { "aria-label": "Generations" } });
  const empty = h("div", { className: "empty", hidden: true });
  const ask = (after) => {
    const path = app.seesAll ? "/api/queue/jobs" : "/api/generations";
    const { status, search, user } = filters;
    return app.api.get(path, { query: { status, search, userId: app.seesAll ? user : "", limit: PAGE, after } });
  };
  let made;
  const hint = () => {
    made ??= app.seesAll ? setupHint(app) : null;
    return made;
  };
  const show = ({ data, first, more }) => {
    keep(list, rows, data, rowKey, row);
    empty.hidden = data.length > 0;
    list.hidden = data.length === 0;
    const filtered = Boolean(filters.status || filters.user || filters.search);
    if (data.length === 0) fill(empty, ...nothing(app, { filtered, first, more, hint }));
    refocus(app, list);
  };
  const everyMs = () => (filters.search ? SEARCH_EVERY_MS : EVERY_MS);
  const pages = pager(app, { ask, show, everyMs });
  const filter = (changed, replace) => {
    filters = { ...filters, ...changed };
    change(changed, replace);
    pages.restart();
  };
  const [searching, naming] = [
    typed((text) => filter({ search: text }, true)),
    typed((text) => filter({ user: text }, true)),
  ];
  const searchField = h("input", {
    type: "search",
    className: "search",
    value: given.search,
    maxLength: 100,
    placeholder: "Search prompt or id",
    attributes: { "aria-label": "Search prompt or id" },
    on: { input: searching.listen },
  });
  const userField = h("input", {
    type: "search",
    value: given.user,
    placeholder: "User",
    autocomplete: "off",
    attributes: { "aria-label": "User" },
    on: { input: naming.listen },
  });
  const statuses = [
    ["", "Every status"],
    ...Object.entries(STATUSES)
      .filter(([own]) => own !== "confirmed")
      .map(([own, { name }]) => [own, name]),
  ];
  const statusField = select("Status", statuses, given.status, (value) => filter({ status: value }));
  const keys = (event) => moved(event, list, searchField);
  addEventListener("keydown", keys);
  const element = h(
    "section",
    { className: "panel list", attributes: { "aria-label": "Generations" } },
    h("h2", {}, app.seesAll ? "Everyone's generations" : "Your generations"),
    h("div", { className: "choices" }, searchField, statusField, app.seesAll && userField),
    pages.note,
    list,
    empty,
    pages.element,
  );
  return {
    element,
    /** Takes the filters from the address after the browser's Back or Forward. */
    route(next) {
      filters = next;
      [searchField.value, userField.value, statusField.value] = [next.search, next.user, next.status];
      pages.restart();
    },
    stop() {
      removeEventListener("keydown", keys);
      searching.stop();
      naming.stop();
      pages.stop();
    },
  };
}

/** Calls `then` with a field's text when typing pauses. */
function typed(then) {
  let timer;
  return {
    listen(event) {
      clearTimeout(timer);
      const text = event.target.value.trim();
      timer = setTimeout(() => then(text), TYPED_MS);
    },
    stop: () => clearTimeout(timer),
  };
}

/** A search reads a limited number of generations a page, so an empty page may not be the last. */
function nothing(app, { filtered, first, more, hint }) {
  if (more) return [h("p", {}, "No matches on this page. Older generations follow.")];
  if (!first) return [h("p", {}, "No older generations.")];
  if (filtered) return [h("p", {}, "No generations match these filters.")];
  const order = h("button", { type: "button", className: "primary", on: { click: app.order } }, "New generation");
  return [h("p", {}, "There are no generations yet."), order, hint()];
}

/** Focuses the row of the generation whose page was just left. */
function refocus(app, list) {
  if (!app.opened) return;
  const link = [...list.querySelectorAll("a")].find((own) => own.getAttribute("href") === app.opened);
  app.opened = undefined;
  if (document.activeElement === document.body || document.activeElement?.id === "content") link?.focus();
}

/** Moves the focus through the rows. */
function moved(event, list, searchField) {
  if (event.ctrlKey || event.metaKey || event.altKey || isDialogOpen()) return;
  if (event.key === "Escape" && event.target === searchField) searchField.blur();
  if (isTyping()) return;
  if (event.key === "/") {
    event.preventDefault();
    searchField.focus();
    return;
  }
  const links = [...list.querySelectorAll("a")];
  const at = links.indexOf(document.activeElement);
  const arrows = at >= 0 ? { ArrowDown: 1, ArrowUp: -1 } : {};
  const by = { j: 1, k: -1, ...arrows }[event.key];
  if (by === undefined || links.length === 0) return;
  event.preventDefault();
  links[Math.min(links.length - 1, Math.max(0, at < 0 ? 0 : at + by))].focus();
}
