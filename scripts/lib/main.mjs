// The frame of every command: it ends its children, and reports a failure as one sentence.

import { Failure, table } from "./report.mjs";
import { endChildrenWithThis, isEnding, stopAll } from "./run.mjs";

/** System errors whose own message is enough. */
const PLAIN_CODES = ["EACCES", "ENOSPC", "EROFS"];

/** Runs a command; a failure ends its children and then the process with status 1. */
export async function main(work) {
  endChildrenWithThis();
  if (process.platform === "win32") {
    process.stderr.write("reelay: these scripts need Linux or macOS; on Windows, run them in WSL.\n");
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
