// Python, for the tests that run Google's SDK against the local upstream, and schemathesis against
// the worker.

import { aptInstall, candidateVersion } from "./apt.mjs";
import { haveDebian } from "./debian.mjs";
import { Failure, step } from "./report.mjs";
import { output } from "./run.mjs";
import { PYTHON } from "./versions.mjs";

/** Makes sure that `python3 -m venv` works. */
export async function ensurePython() {
  if (output("python3", ["-c", "import ensurepip, venv"]) !== undefined) return;
  if (!haveDebian())
    throw new Failure("Python 3 with venv is missing: install it from https://www.python.org and run again.");
  await step("Python, for some tests", () => aptInstall(PYTHON, () => candidateVersion(PYTHON[0]) !== undefined));
}
