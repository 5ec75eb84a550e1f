"use client";

import { useId, useRef } from "react";
import type { Said } from "./actions";
import { useAction } from "./use_action";

interface Properties {
  action: (form: FormData) => Promise<Said>;
  label: string;
  button: string;
  /** The generation that the prompt is for, unless it is a new one. */
  id?: string;
}

/** A field for a prompt, which is emptied once it was taken. */
export function PromptForm({ action, label, button, id }: Properties) {
  const field = useId();
  const { said, run, pending } = useAction(action);
  const busy = useRef(false);
  const order = useRef({ id: "", prompt: "" });
  /** The generation's id: a new one for each new prompt, the same when the same prompt is sent again after a failure. */
  const idFor = (prompt: string): string => {
    if (order.current.prompt !== prompt) order.current = { id: uuid(), prompt };
    return order.current.id;
  };
  return (
    <form
      className="prompt-form"
      onSubmit={async (submitted) => {
        submitted.preventDefault();
        // Enter sends a form whose button is disabled too.
        if (busy.current) return;
        busy.current = true;
        const form = submitted.currentTarget;
        const values = new FormData(form);
        values.set("id", id ?? idFor(String(values.get("prompt"))));
        const area = form.elements.namedItem("prompt");
        const taken = await run(values);
        busy.current = false;
        if (taken) {
          order.current = { id: "", prompt: "" };
          // What was written meanwhile stays.
          if (area instanceof HTMLTextAreaElement && area.value === values.get("prompt")) area.value = "";
        }
      }}
    >
      <label htmlFor={field}>{label}</label>
      <textarea
        id={field}
        name="prompt"
        rows={2}
        maxLength={5000}
        aria-describedby={`${field}-said`}
        onKeyDown={(pressed) => {
          // Enter sends, but not the one that ends a composed character; with Shift it is a new line.
          if (pressed.key !== "Enter" || pressed.shiftKey || pressed.nativeEvent.isComposing) return;
          pressed.preventDefault();
          if (!pressed.repeat) pressed.currentTarget.form?.requestSubmit();
        }}
      />
      <button type="submit" disabled={pending}>
        {button}
      </button>
      <p id={`${field}-said`} role="alert" className="said">
        {said.problem}
      </p>
    </form>
  );
}

/** A random UUID. `crypto.randomUUID` is there over HTTPS and on this machine alone. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
