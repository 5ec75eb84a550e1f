// The banners: each names a problem and when it began, and offers a button that fixes it.

import { h, keep, setText } from "./dom.js";
import { ago, clock, count } from "./format.js";
import { icon } from "./icons.js";
import { actionButton } from "./parts.js";

/** The most calls of `recover` that one click makes. */
const MAX_RECOVER_CALLS = 100;

/** @param {import("./shell.js").App} app @param {{show: (error?: unknown) => void}} note shows errors */
export function banners(app, note) {
  const element = h("div", {
    className: "banners-of-queue",
    attributes: { role: "region", "aria-label": "Problems" },
  });
  const known = new Map();
  let shown = "";
  const stop = app.onStatus((status) => {
    const found = troubles(status);
    const key = JSON.stringify(found);
    if (key === shown) return;
    const fresh = found.filter(({ text }) => !shown.includes(JSON.stringify(text)));
    shown = key;
    element.hidden = found.length === 0;
    keep(element, known, found, keyOf, (trouble) => banner(app, trouble, note));
    if (fresh.length > 0) app.say(fresh.map(({ text }) => text).join(" "));
  });
  element.hidden = true;
  return { element, stop };
}

/** The problems that a queue status reports, as sentences. Pure. */
export function troubles(status) {
  const found = [];
  if (status.paused) {
    found.push({ kind: "paused", text: `The queue is paused${since(status.pausedSince)}. No new jobs start.` });
  }
  for (const { provider, model, pausedSince } of status.pausedUpstreams ?? []) {
    const name = scopeName({ provider, model });
    found.push({
      kind: "paused",
      upstream: name,
      scope: { provider, model },
      text: `${name} is paused${since(pausedSince)}. Its jobs wait.`,
    });
  }
  for (const { upstream, backoffSince, backoffUntil } of status.upstreams ?? []) {
    const next = Date.parse(backoffUntil) > Date.now() ? `Next submit at ${clock(backoffUntil)}.` : "Probing now.";
    found.push({
      kind: "backoff",
      upstream,
      text: `${upstream} is in backoff${since(backoffSince)}. Its jobs wait. ${next}`,
    });
  }
  const { exhausted = 0, exhaustedSince } = status.webhooks ?? {};
  if (exhausted > 0) {
    const events = exhausted === 1 ? "1 webhook was" : `${count(exhausted)} webhooks were`;
    const oldest = exhaustedSince ? `${exhausted === 1 ? "" : ", the oldest"} at ${clock(exhaustedSince)}` : "";
    found.push({
      kind: "webhooks",
      bad: true,
      since: exhaustedSince,
      text: `${events} exhausted${oldest}. The app did not accept ${exhausted === 1 ? "it" : "them"}.`,
    });
  }
  if (status.jobsWithoutTimer > 0) {
    const jobs = status.jobsWithoutTimer === 1 ? "1 job has" : `${count(status.jobsWithoutTimer)} jobs have`;
    found.push({
      kind: "timers",
      bad: true,
      text: `${jobs} no alarm. The next sweep re-arms missing alarms.`,
    });
  }
  return found;
}

function since(at) {
  return at ? ` (since ${clock(at)})` : "";
}

/** Each paused upstream, and each one in backoff, has its own banner. */
function keyOf({ kind, upstream = "" }) {
  return `${kind} ${upstream}`;
}

/** One banner. A new text changes it in place, so that a busy button stays busy. */
function banner(app, { kind, bad, scope }, note) {
  const text = h("p");
  const helps = help(app, kind, scope, note);
  const element = h(
    "div",
    { className: bad ? "banner bad" : "banner", data: { kind } },
    icon(kind === "paused" ? "pause" : "warning"),
    text,
    ...helps.elements,
  );
  return {
    element,
    update(trouble) {
      setText(text, trouble.text);
      helps.update?.(trouble);
    },
  };
}

function help(app, kind, scope, note) {
  if (!app.operator) return { elements: [] };
  if (kind === "paused") {
    const resume = actionButton("Resume", () => setPaused(app, false, scope), { note });
    if (scope) resume.setAttribute("aria-label", `Resume ${scopeName(scope)}`);
    return { elements: [resume] };
  }
  if (kind !== "webhooks") return { elements: [] };
  let oldest;
  const recover = async () => {
    const recovered = await recoverSince(app, oldest ?? new Date(0).toISOString());
    app.say(`Sending ${count(recovered)} webhooks again.`);
  };
  const again = actionButton("Send all again", recover, { note });
  return {
    elements: [h("a", { className: "button", href: "#/deliveries?state=exhausted" }, "Show"), again],
    update({ since: at }) {
      oldest = at;
      again.title = at ? `The oldest was exhausted ${ago(at)}` : "";
    },
  };
}

/**
 * Pauses or resumes the whole queue, a provider or a model.
 * @param {import("./shell.js").App} app
 * @param {boolean} paused
 * @param {{provider: string, model?: string}} [scope] without it, the whole queue
 */
export async function setPaused(app, paused, scope) {
  await app.api.post(paused ? "/api/queue/pause" : "/api/queue/resume", { body: scope });
  const name = scope ? scopeName(scope) : "The queue";
  app.say(paused ? `${name} is paused.` : `${name} is resumed.`);
  app.look();
}

/** The name of a provider, or of one of its models. @param {{provider: string, model?: string}} scope */
export function scopeName({ provider, model }) {
  return model ? `${provider}/${model}` : provider;
}

/**
 * Sends every webhook again that was exhausted since `at`; returns how many.
 * @param {string} at RFC 3339
 */
export async function recoverSince(app, at) {
  let recovered = 0;
  for (let call = 0; call < MAX_RECOVER_CALLS; call += 1) {
    const answer = await app.api.post("/api/webhooks/recover", { query: { since: at } });
    recovered += answer.recovered;
    if (!answer.hasMore || answer.recovered === 0) break;
  }
  app.look();
  return recovered;
}
