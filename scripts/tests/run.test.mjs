import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { leftovers, stopLeftovers } from "../lib/leftovers.mjs";
import { eachLine, looksOffline, run, start, stop } from "../lib/run.mjs";

const lives = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test("stopping a child ends what it has started", async () => {
  const child = start("sh", ["-c", "sleep 100 & echo $!; wait"]);
  const grandchild = await new Promise((resolve) => eachLine(child.stdout, (line) => resolve(Number(line))));
  assert.ok(lives(grandchild));
  await stop(child);
  assert.ok(!lives(grandchild));
});

test("a child that ignores SIGTERM is killed", async () => {
  const child = start("sh", ["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]);
  await new Promise((resolve) => eachLine(child.stdout, resolve));
  await stop(child, 200);
  assert.ok(!lives(child.pid));
});

test("a missing program is named", async () => {
  await assert.rejects(run("no-such-program-here", []), /^Failure|Error: no-such-program-here is missing/);
});

test("a failed command's last lines decide its sentence", async () => {
  const explain = (lines) => (looksOffline(lines) ? "offline" : "other");
  await assert.rejects(run("sh", ["-c", "echo 'could not resolve host' >&2; exit 1"], { explain }), /offline/);
  await assert.rejects(run("sh", ["-c", "echo 'error[E0308]' >&2; exit 1"], { explain }), /other/);
});

test("a command over its time is ended", async () => {
  await assert.rejects(run("sleep", ["100"], { timeoutMs: 50 }), /failed/);
});

test("a process that leaves its group is still found by its run", { skip: process.platform !== "linux" }, async () => {
  const tag = `test-${process.pid}`;
  const child = start("sleep", ["100"], { env: { ...process.env, REELAY_RUN: tag } });
  await sleep(50);
  const found = await leftovers(tag);
  assert.deepEqual(
    found.map(({ pid }) => pid),
    [child.pid],
  );
  await stopLeftovers(found);
  await child.ended;
});
