import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT } from "../lib/paths.mjs";
import { atLeast, CARGO_TOOLS, MIN_RUST } from "../lib/versions.mjs";

const read = (name) => readFileSync(join(ROOT, name), "utf8");
const lock = JSON.parse(read("package-lock.json"));

test("versions compare by number and ignore a pre-release", () => {
  assert.ok(atLeast("1.100.0", "1.91.0"));
  assert.ok(atLeast("1.91", "1.91.0"));
  assert.ok(atLeast("1.97.0-nightly", "1.97.0"));
  assert.ok(!atLeast("1.90.9", "1.91.0"));
});

test("the wasm-bindgen command has exactly the crate's version", () => {
  const version = /name = "wasm-bindgen"\nversion = "(.*)"/.exec(read("Cargo.lock"))[1];
  assert.equal(CARGO_TOOLS["wasm-bindgen-cli"].version, version);
});

test("worker-build has the version of the worker crate", () => {
  const version = /name = "worker"\nversion = "(.*)"/.exec(read("Cargo.lock"))[1];
  assert.equal(CARGO_TOOLS["worker-build"].version, version);
});

test("the oldest Rust is the one in Cargo.toml", () => {
  const version = /^rust-version = "(.*)"$/m.exec(read("Cargo.toml"))[1];
  assert.ok(atLeast(MIN_RUST, version) && atLeast(version, MIN_RUST));
});

test("the npm lock file names no registry host, and resolves nothing but the packages of this repository", () => {
  assert.doesNotMatch(
    read("package-lock.json"),
    /"resolved": "(?!packages\/|examples\/)|https?:\/\/(?!github\.com|opencollective\.com|[\w.]*(?:npmjs|patreon)\.com)[^"]*\.tgz/,
  );
});

test("the npm lock file serves every platform: no optional package is missing", () => {
  const names = Object.keys(lock.packages);
  const missing = Object.values(lock.packages)
    .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
    .filter((name) => !names.some((path) => path.endsWith(`node_modules/${name}`)));
  assert.deepEqual(missing, []);
});

test("development packages are pinned exactly", () => {
  for (const [name, version] of Object.entries(JSON.parse(read("package.json")).devDependencies)) {
    assert.match(version, /^\d+\.\d+\.\d+$/, name);
  }
});
