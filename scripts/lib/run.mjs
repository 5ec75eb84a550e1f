// Child processes, each in its own process group, so that ending one ends all that it started.

import { spawn, spawnSync } from "node:child_process";
import { elapsed, Failure, say } from "./report.mjs";

const HEARTBEAT_MS = 15_000;
const KEPT_LINES = 40;
const GRACE_MS = 5_000;
const PARENT_MS = 500;

const living = new Set();

/** The trimmed output of a quick command, or undefined if it is missing or fails. */
export function output(command, args, options = {}) {
  const { status, stdout } = spawnSync(command, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    ...options,
  });
  return status === 0 ? stdout.trim() : undefined;
}

/** Starts a program in its own process group and tracks it until it has ended. */
export function start(command, args, options = {}) {
  const child = spawn(command, args, { detached: true, stdio: ["ignore", "pipe", "pipe"], ...options });
  child.ended = new Promise((resolve) => {
    child.once("error", (error) => resolve({ code: 127, error }));
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  living.add(child);
  child.ended.then(() => living.delete(child));
  return child;
}

/** Whether any process of the group is alive. */
function groupLives(pid) {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended.
  }
}

/** Ends a child and its group with SIGTERM, and after `graceMs` with SIGKILL. */
export async function stop(child, graceMs = GRACE_MS) {
  if (!child.pid) return;
  signalGroup(child.pid, "SIGTERM");
  const deadline = performance.now() + graceMs;
  while (groupLives(child.pid) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  signalGroup(child.pid, "SIGKILL");
  await child.ended;
}

/** Ends every running child. */
export async function stopAll() {
  await Promise.all([...living].map((child) => stop(child)));
}

let ending = false;

/** Whether this process is ending: failures of its children are then ignored. */
export const isEnding = () => ending;

async function end(code) {
  if (ending) return;
  ending = true;
  say("\nStopping all processes …");
  await stopAll();
  process.exit(code);
}

/**
 * Ends every child when this process gets a signal, when its output is closed, and at the latest
 * when it exits.
 */
export function endChildrenWithThis() {
  for (const [signal, code] of Object.entries({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143 })) {
    process.on(signal, () => end(code));
  }
  process.stdout.on("error", () => end(1));
  process.on("exit", () => {
    for (const { pid } of living) if (pid) signalGroup(pid, "SIGKILL");
  });
  // npm forwards signals, but it cannot forward its own SIGKILL.
  const parent = process.ppid;
  if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && end(143), PARENT_MS).unref();
}

/** Calls `take` with each line of a stream. */
export function eachLine(stream, take) {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk) => {
    const lines = (rest + chunk).split(/\r?\n|\r/);
    rest = lines.pop();
    for (const line of lines) take(line);
  });
  stream.on("end", () => rest && take(rest));
}

/**
 * Runs a long command to its end. Meanwhile it shows all output with `show`, else the last line
 * every 15 s. If it fails, its last lines are printed, unless `quiet`, and `explain(lines)` may
 * return the sentence. Returns its last lines, `keep` of them.
 */
export async function run(command, args, settings = {}) {
  const { show = false, quiet = false, explain, timeoutMs, keep = KEPT_LINES, ...options } = settings;
  const started = performance.now();
  const kept = [];
  const child = start(command, args, options);
  const take = (line) => {
    kept.push(line);
    if (kept.length > keep) kept.shift();
    if (show) say(line);
  };
  for (const stream of [child.stdout, child.stderr]) eachLine(stream, take);
  const heartbeat = show
    ? undefined
    : setInterval(() => say(`  … ${elapsed(started)}: ${(kept.at(-1) ?? command).trim().slice(0, 100)}`), HEARTBEAT_MS);
  const limit = timeoutMs && setTimeout(() => stop(child), timeoutMs);
  const { code, error } = await child.ended;
  clearInterval(heartbeat);
  clearTimeout(limit);
  if (code === 0) return kept;
  if (ending) return new Promise(() => {});
  if (error?.code === "ENOENT") throw new Failure(`${command} is missing: install it and run again.`);
  if (!show && !quiet) for (const line of kept) process.stderr.write(`  ${line}\n`);
  throw new Failure(
    explain?.(kept) ?? `${[command, ...args].join(" ").slice(0, 120)} failed (status ${code ?? "signal"}).`,
  );
}

/** Whether a command's last lines indicate that the network is unreachable. */
export function looksOffline(lines) {
  return /could not resolve|couldn't resolve|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|timed out|failed to download|failed to fetch|failed to get|unable to fetch|Temporary failure|could not connect|Couldn't connect/i.test(
    lines.join("\n"),
  );
}
