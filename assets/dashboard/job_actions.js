// The actions that a generation's status allows.

import { confirmed } from "./dialog.js";
import { h } from "./dom.js";
import { money } from "./format.js";
import { actionButton } from "./parts.js";

/** @param {import("./shell.js").App} app @param {{user: string, id: string, note: any, onChange: () => void}} job */
export function jobActions(app, { user, id, note, onChange }) {
  let generation;
  const post = async (word, said) => {
    await app.api.post(`/api/generations/${encodeURIComponent(id)}/${word}`, { user });
    app.say(said);
    onChange();
  };
  const buttons = {
    cancel: actionButton("Cancel", async () => (await asked(generation)) && post("cancel", "Generation cancelled."), {
      className: "danger",
      note,
    }),
    retry: actionButton("Retry", () => post("retry", "Generation queued again."), { note }),
    confirm: actionButton("Confirm", () => post("confirm", "Generation confirmed."), { className: "primary", note }),
  };
  const element = h(
    "div",
    { className: "choices", attributes: { role: "group", "aria-label": "Actions" } },
    ...Object.values(buttons),
  );
  element.hidden = true;
  return {
    element,
    update(current) {
      generation = current;
      const can = allowed(current.status);
      for (const [name, button] of Object.entries(buttons)) button.hidden = !can.includes(name);
      element.hidden = can.length === 0;
      if (current.estimatedCost !== undefined) {
        buttons.retry.title = `A new attempt, ${money(current.estimatedCost)}`;
        buttons.confirm.title = `One render, ${money(current.estimatedCost)}`;
      }
    },
  };
}

function allowed(status) {
  if (status === "queued" || status === "processing" || status === "pending_clarification") return ["cancel"];
  if (status === "pending_confirmation") return ["confirm", "cancel"];
  return status === "failed" || status === "cancelled" ? ["retry"] : [];
}

function asked({ status }) {
  const paid = status === "processing" ? " The render may still be charged." : "";
  return confirmed("Cancel this generation?", `It ends immediately.${paid}`, "Cancel the generation", "Keep it");
}
