// The button that sends a test webhook, and its result.

import { h } from "./dom.js";
import { count } from "./format.js";
import { actionButton } from "./parts.js";

/** The receiver may take 15 s. */
const TIMEOUT_MS = 30_000;

/** @param {import("./shell.js").App} app @param {{show: (error?: unknown) => any}} note */
export function receiverTest(app, note) {
  const said = h("p", { className: "quiet", attributes: { role: "status" } });
  const send = async () => {
    said.textContent = "";
    const { durationMs, url, detail } = await app.api.post("/api/webhooks/test", { timeoutMs: TIMEOUT_MS });
    said.textContent = `${detail} Sent to ${url}, answered after ${count(durationMs)} ms.`;
  };
  return h(
    "section",
    { className: "panel choices", attributes: { "aria-label": "Test" } },
    actionButton("Send a test webhook", send, { note }),
    said,
  );
}
