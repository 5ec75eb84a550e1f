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

/** A field for a prompt, which is cleared once the prompt was accepted. */
export function PromptForm({ action, label, button, id }: Properties) {
  const field = useId();
  const { said, run, pending } = useAction(action);
  const busy = useRef(false);
  const order = useRef({ id: "", prompt: "" });
  /**
   * The generation's id: a new one for each new prompt, the same one when a prompt is sent again
   * after a failure.
   */
  const idFor = (prompt: string): string => {
    if (order.current.prompt !== prompt) order.current = { id: uuid(), prompt };
    return order.current.id;
  };
  return (
    <form
      className="prompt-form"
      onSubmit={async (submitted) => {
        submitted.preventDefault();
        // Enter submits a form even if its button is disabled.
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
          // Text written meanwhile stays.
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
          // Enter sends, except when it ends a composed character; Shift+Enter is a new line.
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

/** A random UUID. `crypto.randomUUID` exists only over HTTPS and on localhost. */
function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
