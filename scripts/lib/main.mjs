// The frame of every command: signals end its children, failures are one sentence.

import { Failure, table } from "./report.mjs";
import { endChildrenOnSignal, isEnding, stopAll } from "./run.mjs";

/** System errors whose own words are enough. */
const PLAIN_CODES = ["EACCES", "ENOSPC", "EROFS"];

/** Runs a command; a failure ends its children and then the process with status 1. */
export async function main(work) {
  endChildrenOnSignal();
  if (process.platform === "win32") {
    process.stderr.write("reelay: these scripts need Linux or macOS: on Windows run them in WSL.\n");
    process.exit(1);
  }
  try {
    await work();
  } catch (error) {
    if (isEnding()) return;
    await stopAll();
    table("Until then:");
    process.stderr.write(`\nreelay: ${error.message}\n`);
    const known = error instanceof Failure || PLAIN_CODES.includes(error.code);
    if (!known || process.env.REELAY_DEBUG) process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  }
}
