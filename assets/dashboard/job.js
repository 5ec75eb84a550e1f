// The page of one generation: status, timeline, video, facts, webhooks and actions.

import { NoAnswer } from "./api.js";
import { deliveryTable } from "./deliveries.js";
import { demoMark } from "./demo.js";
import { isDialogOpen } from "./dialog.js";
import { h, setText } from "./dom.js";
import { follow } from "./follow.js";
import { clock } from "./format.js";
import { jobActions } from "./job_actions.js";
import { jobFacts, jobParameters, jobWarnings } from "./job_facts.js";
import { chip, copyButton, errorNote } from "./parts.js";
import { jobRoute } from "./route.js";
import { videoPanel } from "./video.js";
import { waterfall } from "./waterfall.js";
import { blocked, hasEnded, plain, STATUSES } from "./words.js";

const EVERY_MS = 2000;
/** An ended generation changes only by someone else's action. */
const ENDED_EVERY_MS = 15_000;

/** @param {import("./shell.js").App} app @param {import("./route.js").Route} route */
export function jobPage(app, { user, id }) {
  app.opened = jobRoute(user, id);
  const path = `/api/generations/${encodeURIComponent(id)}`;
  let generation;
  let steps = [];
  let stream = "open";
  let stopFollowing = () => {};

  // `unread` shows a failed poll until one succeeds; `note` shows a failed action until the next.
  const [note, unread] = [errorNote(), errorNote()];
  const drawn = waterfall();
  const deliveries = deliveryTable(app, { ofOneJob: true, note, onChange: () => task.now() });
  const noDelivery = h("p", { className: "quiet" }, "None yet.");
  const video = videoPanel();
  const prompt = h("p", { className: "text", dir: "auto" });
  const [facts, parameters, warnings] = [jobFacts(), jobParameters(), jobWarnings()];
  const actions = jobActions(app, { user, id, note, onChange: () => task.now() });
  const summary = jobSummary(id, actions.element);

  const look = async () => {
    try {
      generation = (await app.api.get(path, { user })).generation;
      show();
      body.hidden = false;
      if (stream !== "open") {
        steps = (await app.api.get(`${path}/timeline`, { user })).timeline;
        drawn.update(steps, hasEnded(generation.status));
      }
      const list = await deliveriesOf(app, path, user);
      deliveries.update(list);
      noDelivery.hidden = list.length > 0;
      unread.show(undefined);
    } catch (error) {
      if (!(error instanceof NoAnswer)) unread.show(error);
      throw error;
    }
  };
  const show = () => {
    summary.update(generation);
    setText(prompt, generation.prompt);
    facts.update(generation);
    parameters.update(generation);
    warnings.update(generation);
    video.update(generation);
    actions.update(generation);
    drawn.update(steps, hasEnded(generation.status));
    // A new attempt needs a new stream. It starts with all earlier steps and replaces them.
    if (stream === "ended" && !hasEnded(generation.status)) begin();
  };
  const begin = () => {
    stream = "open";
    stopFollowing();
    const told = [];
    stopFollowing = follow(app.api, user, id, {
      onStep: (step) => {
        told.push(step);
        steps = told;
        if (generation) progressed(step);
        drawn.update(steps, hasEnded(step.status));
        soon();
      },
      onProgress: (progress) => generation && progressed(progress),
      onEnd: () => {
        stream = "ended";
        task.now();
      },
      onNone: () => {
        stream = "none";
        task.now();
      },
      onSilent: (error) => app.pulse.silent(error),
    });
  };
  const progressed = ({ status, phase, progress }) => {
    if (generation.status !== status) app.say(`${STATUSES[status]?.name ?? plain(status)}.`);
    generation = { ...generation, status, phase, progress };
    summary.update(generation);
  };
  let timer;
  // Steps come in groups, so one poll follows each group.
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => task.now(), 150);
  };
  const task = app.pulse.every(look, () => (generation?.phase === "done" ? ENDED_EVERY_MS : EVERY_MS));
  const panel = (title, ...content) => h("section", { className: "panel" }, h("h2", {}, title), ...content);
  const body = h(
    "div",
    { className: "job", hidden: true },
    h(
      "div",
      { className: "page-of" },
      h("section", { className: "panel" }, h("h2", { className: "unseen" }, "Video"), video.element),
      panel("Prompt", prompt),
    ),
    h(
      "div",
      { className: "page-of" },
      panel("Facts", facts.element),
      panel("Parameters", parameters.element),
      warnings.element,
    ),
    h("section", { className: "panel wide" }, h("h2", {}, "Timeline"), drawn.element),
    h("section", { className: "panel wide" }, h("h2", {}, "Webhooks"), deliveries.element, noDelivery),
  );
  begin();
  const element = h(
    "div",
    { className: "page-of" },
    h("p", {}, h("a", { className: "back", href: app.list ?? "#/" }, "← Back to the list")),
    summary.element,
    note.element,
    unread.element,
    body,
  );
  const toList = (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && !isDialogOpen()) location.hash = app.list ?? "#/";
  };
  addEventListener("keydown", toList);
  return {
    element,
    title: `Generation ${id}`,
    route: (next) => next.user === user && next.id === id,
    stop() {
      removeEventListener("keydown", toList);
      clearTimeout(timer);
      stopFollowing();
      task.stop();
      drawn.stop();
      video.stop();
    },
  };
}

/** A job's deliveries; none from older workers, which lack the route. */
async function deliveriesOf(app, path, user) {
  try {
    return (await app.api.get(`${path}/deliveries`, { user })).deliveries;
  } catch (error) {
    if (error.code === "route_not_found") return [];
    throw error;
  }
}

/** The head: id, status, phase, progress, and why the job waits or failed. */
function jobSummary(id, actions) {
  const status = chip(STATUSES);
  const phase = h("span", { className: "quiet" });
  const copy = copyButton("Copy id", () => id);
  const mark = demoMark();
  const progress = h("progress", { max: 100, value: 0, attributes: { "aria-label": "Progress" } });
  const percent = h("span", { className: "number quiet" });
  const bar = h("div", { className: "progress" }, progress, percent);
  const waits = h("p", { className: "quiet" });
  const wrong = h("p", { className: "note" });
  const title = h(
    "div",
    { className: "title" },
    h("h1", { className: "mono" }, id),
    status.element,
    mark.element,
    phase,
    copy,
    actions,
  );
  return {
    element: h("section", { className: "panel", attributes: { "aria-label": "Summary" } }, title, bar, waits, wrong),
    update(generation) {
      status.update(generation.status);
      mark.update(generation);
      setText(phase, phaseWords(generation));
      bar.hidden = generation.status !== "processing";
      progress.value = generation.progress;
      setText(percent, `${generation.progress} %`);
      setText(waits, generation.status === "queued" ? waiting(generation) : "");
      waits.hidden = waits.textContent === "";
      setText(wrong, generation.error ?? "");
      wrong.hidden = !generation.error || generation.status === "cancelled";
    },
  };
}

function phaseWords({ phase, status }) {
  if (phase === "done" || phase === "queued") return "";
  return phase === "notifying" && hasEnded(status) ? "Notifying the app" : plain(phase);
}

function waiting({ queuePosition, blockedBy, estimatedStartAt }) {
  const place = queuePosition > 0 ? `Position ${queuePosition} in the queue. ` : "";
  const guess = estimatedStartAt ? ` Expected start: ${clock(estimatedStartAt)}.` : "";
  return `${place}${blocked(blockedBy)}${guess}`;
}
