"use client";

import type { Said } from "./actions";
import { useAction } from "./use_action";

interface Properties {
  action: (form: FormData) => Promise<Said>;
  /** The generation it is about. */
  id: string;
  label: string;
}

/** A button that does one thing to a generation, and says why when it could not. */
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
