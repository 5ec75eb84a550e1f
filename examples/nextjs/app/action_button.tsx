"use client";

import type { Said } from "./actions";
import { useAction } from "./use_action";

interface Properties {
  action: (form: FormData) => Promise<Said>;
  /** The generation that the action changes. */
  id: string;
  label: string;
}

/** A button for one action on a generation, which shows the reason if the action fails. */
export function ActionButton({ action, id, label }: Properties) {
  const { said, run, pending } = useAction(action);
  const press = () => {
    const form = new FormData();
    form.set("id", id);
    void run(form);
  };
  return (
    <>
      <button type="button" className="quiet" disabled={pending} onClick={press}>
        {label}
      </button>
      <span role="alert" className="said">
        {said.problem}
      </span>
    </>
  );
}
