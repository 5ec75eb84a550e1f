// The prerequisites of every local start: free ports, the tools, the worker and the local upstream.

import { buildUpstream, buildWorker } from "../build.mjs";
import { setup } from "../setup.mjs";
import { devVars } from "./dev_vars.mjs";
import { requireFree } from "./ports.mjs";
import { Failure, table } from "./report.mjs";

/** Installs and builds, then runs `more`, for this command; returns the values of .dev.vars. */
export async function prepare(ports, command, more = async () => {}) {
  await requireFree(ports, command);
  const vars = devVars();
  if (!vars.WEBHOOK_SECRET)
    throw new Failure(".dev.vars has no WEBHOOK_SECRET: restore it with `git checkout .dev.vars`.");
  const toolchain = await setup();
  await buildWorker(toolchain);
  await buildUpstream();
  await more();
  table("Preparation:");
  await requireFree(ports, command);
  return vars;
}
