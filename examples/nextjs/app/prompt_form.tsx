"use client";

import { useId } from "react";
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
  return (
    <form
      className="prompt-form"
      onSubmit={async (submitted) => {
        submitted.preventDefault();
        const form = submitted.currentTarget;
        const values = new FormData(form);
        const area = form.elements.namedItem("prompt");
        if (await run(values)) {
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
          pressed.currentTarget.form?.requestSubmit();
        }}
      />
      {id && <input type="hidden" name="id" value={id} />}
      <button type="submit" disabled={pending}>
        {button}
      </button>
      <p id={`${field}-said`} role="alert" className="said">
        {said.problem}
      </p>
    </form>
  );
}
