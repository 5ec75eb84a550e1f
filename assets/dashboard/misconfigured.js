// The page while settings are wrong: the worker answers every request with the list of them, so
// nobody can sign in.

import { Api } from "./api.js";
import { checklist, summary } from "./checklist.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { actionButton, errorNote } from "./parts.js";
import { isLocal, settingPlace } from "./place.js";

/** The settings that every worker should have. */
const KNOWN = ["JWT_SECRET", "WEBHOOK_SECRET", "API_KEY", "ADMIN_KEY", "NEXTJS_URL"];
/** The secrets that `reelay-secrets` makes. */
const MADE = KNOWN.filter((name) => name !== "NEXTJS_URL");
const SECRET = /_(SECRET|KEY|ACCOUNT)$|^ALERT_WEBHOOK_URL$/;

/** @typedef {{setting: string, detail: string}} SettingError */

/** The settings that the worker reports as wrong. @returns {Promise<SettingError[]>} */
export async function wrongSettings() {
  let wrong = [];
  const onMisconfigured = (errors) => {
    wrong = errors;
  };
  try {
    await new Api({ token: "" }, { onMisconfigured }).get("/health");
  } catch (error) {
    if (wrong.length === 0) throw error;
  }
  return wrong;
}

/**
 * @param {SettingError[]} errors
 * @param {() => void} onRight called when a check finds nothing wrong any more
 */
export function misconfiguredPage(errors, onRight) {
  const note = errorNote();
  const list = checklist();
  const result = h("p", { className: "quiet", attributes: { role: "status" } });
  const show = (wrong) => {
    const checks = settingChecks(wrong, isLocal());
    list.update(checks);
    result.textContent = summary(checks);
  };
  const check = async () => {
    const wrong = await wrongSettings();
    if (wrong.length === 0) onRight();
    else show(wrong);
  };
  show(errors);
  return h(
    "main",
    { id: "content", className: "page setup", tabIndex: -1 },
    h("h1", {}, icon("logo"), "The worker is misconfigured"),
    h("p", {}, "It answers no request until the settings that failed here are right."),
    h(
      "section",
      { className: "panel", attributes: { "aria-label": "Checklist" } },
      h("div", { className: "head" }, result, actionButton("Check again", check, { className: "primary", note })),
      note.element,
      list.element,
    ),
  );
}

/**
 * One check for each wrong setting, with its sentence and what fixes it, then the known settings
 * that are right. Pure.
 * @param {SettingError[]} errors
 * @param {boolean} local whether the worker runs on the machine of the browser
 * @returns {import("./checklist.js").Check[]}
 */
export function settingChecks(errors, local) {
  const wrong = [...new Set(errors.map(({ setting }) => setting))];
  const of = (name) => errors.filter(({ setting }) => setting === name);
  const right = KNOWN.filter((name) => !wrong.includes(name));
  return [
    ...wrong.map((name) => failed(name, of(name), local)),
    ...right.map((name) => ({ name, state: "ok", detail: "Nothing is wrong with it." })),
  ];
}

function failed(name, errors, local) {
  const isMissing = errors.every(({ detail }) => detail.startsWith("must be set"));
  const command = local || !SECRET.test(name) ? undefined : secretCommand(name, isMissing);
  const sentences = errors.map(({ detail }) => `${sentence(detail)} `).join("");
  const detail = `${sentences}${command ? "This sets it:" : `Set it ${settingPlace(local)}.`}`;
  return { name, state: "failed", detail, command };
}

function secretCommand(name, isMissing) {
  if (isMissing && MADE.includes(name)) return "npx reelay-secrets";
  // The key of a service account has several lines.
  return `npx wrangler secret put ${name}${name.endsWith("_ACCOUNT") ? " < key.json" : ""}`;
}

function sentence(detail) {
  return `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`;
}
