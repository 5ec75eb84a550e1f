import assert from "node:assert/strict";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { locked } from "../lib/lock.mjs";

const folder = mkdtempSync(join(tmpdir(), "reelay-lock-"));

test("a second run waits for the first", async () => {
  const order = [];
  const first = locked(folder, "a", "/one", async () => {
    order.push("first begins");
    await new Promise((resolve) => setTimeout(resolve, 50));
    order.push("first ends");
  });
  const second = locked(folder, "a", "/two", async () => order.push("second begins"));
  await Promise.all([first, second]);
  assert.deepEqual(order, ["first begins", "first ends", "second begins"]);
});

test("a lock whose process has ended is taken over", async () => {
  writeFileSync(join(folder, "b.lock"), JSON.stringify({ pid: 2 ** 30, root: "/gone" }));
  assert.equal(await locked(folder, "b", "/here", async () => "done"), "done");
});

test("the lock is released when the work fails", async () => {
  await assert.rejects(
    locked(folder, "c", "/here", () => Promise.reject(new Error("no"))),
    /no/,
  );
  assert.ok(!existsSync(join(folder, "c.lock")));
});
