// One test run at a time. Checkouts share cargo's intermediate output, including the test programs:
// a second run would replace those that the first is about to start.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { say } from "./report.mjs";

const POLL_MS = 500;

function holder(path) {
  try {
    const { pid, root } = JSON.parse(readFileSync(path, "utf8"));
    process.kill(pid, 0);
    return root;
  } catch {
    return undefined;
  }
}

/**
 * Runs `work` while holding the lock `name` in `folder`; takes over a lock whose process has ended.
 */
export async function locked(folder, name, root, work) {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.lock`);
  for (let waits = 0; ; waits += 1) {
    try {
      writeFileSync(path, JSON.stringify({ pid: process.pid, root }), { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const other = holder(path);
    if (other === undefined) rmSync(path, { force: true });
    else if (waits === 0) say(`  waiting for the run in ${other}`);
    await sleep(other === undefined ? 0 : POLL_MS);
  }
  const release = () => rmSync(path, { force: true });
  process.once("exit", release);
  try {
    return await work();
  } finally {
    release();
    process.off("exit", release);
  }
}
