// The wrangler project of deploy/ binds what the repository's own does.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { unstable_readConfig } from "wrangler";
import { NAMES } from "../../packages/worker/lib/secrets.mjs";
import { ROOT } from "../lib/paths.mjs";

const MODES = "docs/modes.md";
const folder = mkdtempSync(join(tmpdir(), "reelay-deploy-"));
const read = (name) => readFileSync(join(ROOT, name), "utf8");

after(() => rmSync(folder, { recursive: true }));

/** The bindings of a configuration, with the paths and names in which the two may differ left out. */
function bindings(path) {
  // Objects out of TOML have no prototype.
  const config = JSON.parse(JSON.stringify(unstable_readConfig({ config: path }, { hideWarnings: true })));
  const { assets, build, configPath, dev, main, queues, topLevelName, userConfigPath, vars, ...others } = config;
  return { others: { ...others, assets: assets.binding }, queues, vars };
}

test("it binds everything but the queues", () => {
  const own = bindings(join(ROOT, "wrangler.toml"));
  const without = bindings(join(ROOT, "deploy/wrangler.jsonc"));
  assert.deepEqual(without.others, own.others);
  assert.deepEqual(without.queues, { producers: [], consumers: [] });
  assert.equal(without.vars.ENVIRONMENT, "production");
});

test("the block of the page about modes gives it the queues", () => {
  const block = /```jsonc\n("queues"[\s\S]*?)```/.exec(read(MODES))[1];
  const config = read("deploy/wrangler.jsonc").replace(/(?=^ {2}\/\/ .*\n {2}"triggers")/m, block);
  writeFileSync(join(folder, "wrangler.jsonc"), config);
  const own = bindings(join(ROOT, "wrangler.toml"));
  assert.deepEqual(bindings(join(folder, "wrangler.jsonc")).queues, own.queues);
});

test("the secrets that can be made are those that its example asks for, each described", () => {
  const asked = [...read("deploy/.dev.vars.example").matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
  assert.deepEqual(asked.toSorted(), NAMES.toSorted());
  const { bindings } = JSON.parse(read("deploy/package.json")).cloudflare;
  for (const name of asked) assert.ok(bindings[name].description, name);
});

test("its wrangler is the one that the tests run", () => {
  const { devDependencies } = JSON.parse(read("package.json"));
  assert.equal(JSON.parse(read("deploy/package.json")).devDependencies.wrangler, `^${devDependencies.wrangler}`);
});
