// What the package says of its own contents. Run after it was made, which `npm run packages` does.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
const ROOT = new URL("../../../", import.meta.url);
const LICENSES = read("LICENSES.txt");

test("everything that is linked or copied is listed with its licence, and nothing that only ran in the build", () => {
  for (const name of ["serde", "worker", "wasm-bindgen", "hmac", "url", "swagger-ui-dist", "uplot"])
    assert.ok(new RegExp(`^\\* ${name} \\d[\\w.+-]*: .*(Apache-2\\.0|MIT)`, "m").test(LICENSES), name);
  assert.match(LICENSES, /^\* The Rust standard library: MIT OR Apache-2\.0/m);
  for (const name of ["serde_derive", "syn", "proptest", "rusqlite"])
    assert.ok(!new RegExp(`^\\* ${name} `, "m").test(LICENSES), name);
});

test("the texts of the licences are there, each with whose it is", () => {
  assert.match(LICENSES, /^-{80}\n\n?.*\bworker\b.*\n\n[\s\S]*Apache License/m);
  for (const words of [
    "Permission is hereby granted, free of charge",
    "Apache License",
    "Copyright (c) 2022 Leon Sorokin",
  ])
    assert.ok(LICENSES.includes(words), words);
});

test("the checksums are those of the sources of this checkout", () => {
  const lines = read("SOURCES.sha256").trimEnd().split("\n");
  const sums = Object.fromEntries(lines.map((line) => line.split("  ").toReversed()));
  for (const name of ["Cargo.lock", "src/lib.rs", "src/machine/job.rs", "assets/openapi.json", "scripts/build.mjs"])
    assert.ok(sums[name], name);
  for (const [name, sum] of Object.entries(sums)) {
    assert.ok(existsSync(fileURLToPath(new URL(name, ROOT))), name);
    assert.equal(
      createHash("sha256")
        .update(readFileSync(new URL(name, ROOT)))
        .digest("hex"),
      sum,
      name,
    );
  }
});

test("the declared exports are those of the worker", () => {
  const exported = /export\{([^}]*)\};?\s*$/.exec(read("dist/index.js"))[1].split(",");
  const names = exported.map((one) => one.split(" as ").at(-1).trim());
  const declared = [...read("index.d.ts").matchAll(/^export declare class (\w+)/gm)].map(([, name]) => name);
  for (const name of ["default", ...declared]) assert.ok(names.includes(name), `${name} of ${names}`);
  assert.deepEqual(declared, ["JobManager", "QueueManager"]);
});
