import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { claim } from "../lib/checkouts.mjs";

const LONG_AGO = new Date("2020-01-01");

function checkout() {
  const root = mkdtempSync(join(tmpdir(), "reelay-checkout-"));
  mkdirSync(join(root, "src/deep"), { recursive: true });
  const source = join(root, "src/deep/one.rs");
  writeFileSync(source, "");
  const age = () => utimesSync(source, LONG_AGO, LONG_AGO);
  age();
  return { root, age, isNew: () => statSync(source).mtimeMs > LONG_AGO.getTime() };
}

test("cargo recompiles sources only if another checkout used the output last", () => {
  const cache = join(mkdtempSync(join(tmpdir(), "reelay-cache-")), "build");
  const [one, two] = [checkout(), checkout()];
  for (const { root, age, isNew } of [one, two, one]) {
    claim(cache, root);
    assert.ok(isNew());
    age();
    claim(cache, root);
    assert.ok(!isNew());
  }
});
