import { useState } from "react";
import type { Said } from "./actions";

const UNREACHABLE: Said = { problem: "The app cannot be reached. Please try again in a moment." };

/** Runs a Server Action; `run` returns whether it succeeded, and `said` is its last sentence. */
export function useAction(action: (form: FormData) => Promise<Said>) {
  const [said, setSaid] = useState<Said>({});
  const [pending, setPending] = useState(false);
  const run = async (form: FormData): Promise<boolean> => {
    setPending(true);
    const answer = await action(form).catch(() => UNREACHABLE);
    setPending(false);
    setSaid(answer);
    return answer.problem === undefined;
  };
  return { said, run, pending };
}
