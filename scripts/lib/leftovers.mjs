// Processes that a test run left behind, found by the variable that the run set for all its
// processes. Linux only.

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const GRACE_MS = 2_000;

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * The processes whose environment has `REELAY_RUN=tag` and that do not end within the grace period.
 */
export async function leftovers(tag) {
  const deadline = performance.now() + GRACE_MS;
  while (tagged(tag).length > 0 && performance.now() < deadline) await sleep(50);
  return tagged(tag);
}

function tagged(tag) {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => read(`/proc/${pid}/environ`).split("\0").includes(`REELAY_RUN=${tag}`))
    .map((pid) => ({ pid: Number(pid), command: read(`/proc/${pid}/cmdline`).split("\0").join(" ").slice(0, 120) }));
}

function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** Ends them with SIGTERM, and after two seconds with SIGKILL. */
export async function stopLeftovers(processes) {
  for (const { pid } of processes) signal(pid, "SIGTERM");
  const deadline = performance.now() + GRACE_MS;
  while (processes.some(({ pid }) => signal(pid, 0)) && performance.now() < deadline) await sleep(50);
  for (const { pid } of processes) signal(pid, "SIGKILL");
}
