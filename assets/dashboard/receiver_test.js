// The buttons that send a test webhook and a test alert, and their results.

import { h } from "./dom.js";
import { count } from "./format.js";
import { actionButton } from "./parts.js";

/** The receiver may take 15 s. */
const TIMEOUT_MS = 30_000;

/** @param {import("./shell.js").App} app @param {{show: (error?: unknown) => any}} note */
export function receiverTest(app, note) {
  return h(
    "section",
    { className: "panel choices", attributes: { "aria-label": "Test" } },
    ...test(app, note, "Send a test webhook", "/api/webhooks/test"),
    ...test(app, note, "Send a test alert", "/api/alerts/test"),
  );
}

/** A button, and what the receiver answered. */
function test(app, note, label, path) {
  const said = h("p", { className: "quiet", attributes: { role: "status" } });
  const send = async () => {
    said.textContent = "";
    const { durationMs, url, detail } = await app.api.post(path, { timeoutMs: TIMEOUT_MS });
    said.textContent = `${detail} Sent to ${url}, answered after ${count(durationMs)} ms.`;
  };
  return [actionButton(label, send, { note }), said];
}
