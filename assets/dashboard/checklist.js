// The checklist of the setup: one line for each check, with the command that fixes it.

import { h, keep, setText } from "./dom.js";
import { chip, copyButton } from "./parts.js";
import { CHECK_STATES } from "./words.js";

/** @typedef {{name: string, state: "ok"|"failed"|"unknown", detail: string, command?: string}} Check */

export function checklist() {
  const element = h("ul", { className: "checks", attributes: { "aria-label": "Checks" } });
  const known = new Map();
  return {
    element,
    /** @param {Check[]} checks */
    update: (checks) => keep(element, known, checks, ({ name }) => name, line),
  };
}

/** How many checks failed or are unknown, as sentences. Pure. @param {Check[]} checks */
export function summary(checks) {
  const count = (state) => checks.filter((check) => check.state === state).length;
  const [failed, unknown] = [count("failed"), count("unknown")];
  const rest = unknown > 0 ? ` Unknown: ${unknown}.` : "";
  if (failed > 0) return `${failed} of ${checks.length} checks failed.${rest}`;
  return unknown > 0 ? `No check failed.${rest}` : "Every check passed.";
}

function line() {
  const state = chip(CHECK_STATES);
  const [name, detail, code] = [h("strong"), h("p"), h("code")];
  const whose = h("span", { className: "unseen" });
  const copy = copyButton("Copy", () => code.textContent, whose);
  const command = h("p", { className: "command" }, code, copy);
  const element = h("li", {}, state.element, name, detail, command);
  return {
    element,
    /** @param {Check} check */
    update(check) {
      element.dataset.state = check.state;
      state.update(check.state);
      setText(name, check.name);
      setText(detail, check.detail);
      setText(code, check.command);
      setText(whose, ` the command for ${check.name}`);
      command.hidden = check.command === undefined;
    },
  };
}
