// The frame around the pages: the bar, the banners, and the page that the address names.

import { Api } from "./api.js";
import { banners } from "./banner.js";
import { connectionBanner } from "./connection.js";
import { controlsPage } from "./controls.js";
import { deliveriesPage } from "./deliveries_page.js";
import { isDialogOpen } from "./dialog.js";
import { fill, h, isTyping, setAttribute } from "./dom.js";
import { openHelp } from "./help.js";
import { icon } from "./icons.js";
import { jobPage } from "./job.js";
import { openOrder } from "./order.js";
import { overviewPage } from "./overview.js";
import { errorNote } from "./parts.js";
import { Pulse } from "./pulse.js";
import { readRoute } from "./route.js";
import { nameOf } from "./session.js";
import { setupPage } from "./setup.js";
import { switchTheme } from "./theme.js";

const STATUS_MS = 2000;
const PAGES = {
  overview: overviewPage,
  job: jobPage,
  deliveries: deliveriesPage,
  controls: controlsPage,
  setup: setupPage,
};

/**
 * @typedef {object} App what pages share
 * @property {Api} api
 * @property {import("./session.js").Session} session
 * @property {Pulse} pulse
 * @property {boolean} operator whether the caller may use the operators' routes
 * @property {boolean} seesAll whether everyone's generations are shown
 * @property {() => any} status the queue's last status
 * @property {(listener: (status: any) => void) => () => void} onStatus
 * @property {() => void} look requests the status now
 * @property {(text: string) => void} say
 * @property {() => void} order opens the dialog for a new generation
 * @property {string} [list] the last address of the list
 * @property {string} [opened] the address of the last opened generation
 */

/**
 * Shows the signed-in page.
 * @param {{onSignedOut: (why: string) => void, onMisconfigured: (errors: any[]) => void}} listeners
 */
export function openShell(host, session, say, { onSignedOut, onMisconfigured }) {
  const api = new Api(session, {
    onSignedOut: (why) => onSignedOut(`You have been signed out: ${why}`),
    onMisconfigured,
  });
  const listeners = new Set();
  let status;
  const askStatus = async () => {
    status = (await api.get("/api/queue/status")).status;
    for (const listener of listeners) listener(status);
  };
  const connection = connectionBanner(say);
  const pulse = new Pulse(askStatus, connection.update);
  const note = errorNote();
  /** @type {App} */
  const app = {
    api,
    session,
    pulse,
    operator: session.caller.operator,
    seesAll: session.caller.operator && !session.actsFor,
    status: () => status,
    onStatus: (listener) => {
      listeners.add(listener);
      if (status) listener(status);
      return () => listeners.delete(listener);
    },
    look: () => task.now(),
    say,
    order: () => openOrder(app),
  };
  const banner = banners(app, note);
  const main = h("main", { id: "content", className: "page", tabIndex: -1 });
  const bar = topBar(app, () => onSignedOut(""));
  fill(host, bar.element, h("div", { className: "banners" }, connection.element, banner.element, note.element), main);
  const pages = switcher(app, main, bar.mark);
  const keys = (event) => pressed(event, app);
  addEventListener("hashchange", pages.show);
  addEventListener("keydown", keys);
  const task = pulse.every(askStatus, () => STATUS_MS);
  pages.show();
  return {
    close() {
      removeEventListener("hashchange", pages.show);
      removeEventListener("keydown", keys);
      pages.close();
      banner.stop();
      connection.stop();
      pulse.stop();
    },
  };
}

/** Shows the page that the address names. */
function switcher(app, main, mark) {
  let current;
  const show = () => {
    const route = readRoute(location.hash);
    if (!route) return;
    mark(route.page);
    if (current?.page === route.page && current.shown.route?.(route)) return;
    const first = current === undefined;
    current?.shown.stop();
    const shown = PAGES[route.page](app, route);
    current = { page: route.page, shown };
    fill(main, shown.element);
    document.title = `${shown.title} · Reelay`;
    if (first) return;
    scrollTo(0, 0);
    main.focus();
    app.say(shown.title);
  };
  return { show, close: () => current?.shown.stop() };
}

function topBar(app, signOut) {
  const link = (page, text) => h("a", { href: `#/${page === "overview" ? "" : page}`, data: { page } }, text);
  const operators = app.operator
    ? [link("deliveries", "Deliveries"), link("controls", "Controls"), link("setup", "Setup")]
    : [];
  const links = [link("overview", "Overview"), ...operators];
  const tool = (label, click, ...content) =>
    h(
      "button",
      { type: "button", className: "bare", title: label, attributes: { "aria-label": label }, on: { click } },
      ...content,
    );
  const element = h(
    "header",
    { className: "bar" },
    h("a", { className: "brand", href: "#/" }, icon("logo"), "Reelay"),
    h("nav", { attributes: { "aria-label": "Pages" } }, links),
    h("span", { className: "who" }, nameOf(app.session)),
    h(
      "div",
      { className: "tools" },
      h("button", { type: "button", className: "primary", on: { click: app.order } }, icon("plus"), "New generation"),
      tool("Switch between light and dark", switchTheme, icon("theme")),
      tool("Keys", openHelp, icon("question")),
      h("button", { type: "button", className: "bare", on: { click: signOut } }, "Sign out"),
    ),
  );
  const mark = (page) => {
    for (const own of links) setAttribute(own, "aria-current", own.dataset.page === page ? "page" : null);
  };
  return { element, mark };
}

function pressed(event, app) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isDialogOpen()) return;
  if (isTyping()) return;
  if (event.key === "?") openHelp();
  else if (event.key === "n") app.order();
  else return;
  event.preventDefault();
}
