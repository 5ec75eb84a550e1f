// The page while settings are wrong: the worker answers every request with the list of them, so
// nobody can sign in.

import { Api } from "./api.js";
import { checklist } from "./checklist.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { actionButton, errorNote } from "./parts.js";

/** @typedef {{setting: string, detail: string, command?: string}} SettingError */

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
    const checks = settingChecks(wrong);
    list.update(checks);
    result.textContent = checks.length === 1 ? "1 setting is wrong." : `${checks.length} settings are wrong.`;
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
    h("p", {}, "It answers no request until these settings are right."),
    h(
      "p",
      { className: "quiet" },
      "On your machine, settings are in .dev.vars. Deployed, secrets are set by the command; the others are under vars in the wrangler configuration: change them there, then deploy.",
    ),
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
 * One check for each wrong setting, with its sentences and the command that sets it. Pure.
 * @param {SettingError[]} errors
 * @returns {import("./checklist.js").Check[]}
 */
export function settingChecks(errors) {
  const names = [...new Set(errors.map(({ setting }) => setting))];
  return names.map((name) => {
    const own = errors.filter(({ setting }) => setting === name);
    const detail = own.map(({ detail }) => `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`).join(" ");
    return { name, state: "failed", detail, command: own[0].command };
  });
}
