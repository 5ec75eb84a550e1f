// What goes into the package of the worker: what is committed, and nothing that merely lies there.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assets, committed } from "../lib/worker_package.mjs";

test("a file that is not committed is in no package", () => {
  const root = mkdtempSync(join(tmpdir(), "reelay-committed-"));
  try {
    const git = (...args) => assert.equal(spawnSync("git", args, { cwd: root }).status, 0);
    assert.throws(() => committed(["assets"], root), /no clone of the repository/);
    git("init", "--quiet");
    mkdirSync(join(root, "assets/own"), { recursive: true });
    for (const name of ["assets/own/a b.js", "assets/é.js", "other.js"]) writeFileSync(join(root, name), "");
    git("add", ".");
    writeFileSync(join(root, "assets/own/notes.txt"), "mine");
    assert.deepEqual(committed(["assets"], root).toSorted(), ["assets/own/a b.js", "assets/é.js"]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("the assets are the repository's own and those of other packages", () => {
  const names = assets();
  for (const name of ["dashboard.html", "dashboard/main.js", "openapi.json", "vendor/uplot/LICENSE"])
    assert.ok(names.includes(name), name);
});
