// `npx reelay-secrets` with the real wrangler, on a Cloudflare of our own.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startCloudflare } from "./cloudflare.mjs";

const BIN = fileURLToPath(new URL("../bin/reelay-secrets.mjs", import.meta.url));
const NODE_MODULES = fileURLToPath(new URL("../../../node_modules", import.meta.url));
const TEMPLATE_GITIGNORE = fileURLToPath(new URL("../../../deploy/.gitignore", import.meta.url));
/** Makes the disk full once a file is to be written. */
const FULL_DISK = `const fs = require("node:fs");
fs.writeFileSync = (path) => {
  throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", path });
};
require("node:module").syncBuiltinESMExports();
`;
/** A wrangler that answers in a way of its own. */
const OTHER_WRANGLER = `exports.unstable_readConfig = () => ({ name: "my-videos" });
if (require.main === module) console.log("[maintenance]");
`;
const FOUR = ["JWT_SECRET", "WEBHOOK_SECRET", "API_KEY", "ADMIN_KEY"];

let folder;
let cloudflare;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "reelay-secrets-"));
  writeFileSync(join(folder, "package.json"), "{}");
  writeFileSync(join(folder, "wrangler.jsonc"), '{ "name": "my-videos" }');
  symlinkSync(NODE_MODULES, join(folder, "node_modules"));
});

afterEach(async () => {
  await cloudflare?.stop();
  cloudflare = undefined;
  rmSync(folder, { recursive: true });
});

/** Runs the command in the folder, on the Cloudflare that was started, if any. */
async function command(args = [], before = []) {
  const { PATH } = process.env;
  const env = { PATH, HOME: folder, WRANGLER_SEND_METRICS: "false", CI: "true", ...cloudflare?.env };
  const all = [...before, BIN, ...args];
  const child = spawn(process.execPath, all, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const status = await new Promise((resolve) => child.on("close", resolve));
  const files = readdirSync(folder).filter((name) => name.startsWith("secrets"));
  for (const secret of files.flatMap((name) => Object.values(saved(name))))
    assert.ok(!(stdout + stderr).includes(secret), "no secret is shown");
  return { status, stdout, stderr };
}

/** What a shell that reads the file gets. */
function saved(name = "secrets.env") {
  try {
    const lines = readFileSync(join(folder, name), "utf8").matchAll(/^([A-Z_]+)=(.*)$/gm);
    return Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
  } catch {
    return {};
  }
}

/** Fails unless the command is refused in one sentence that matches, and nothing is kept. */
const refused = async (sentence, args, before) => {
  const { status, stdout, stderr } = await command(args, before);
  assert.match(stderr, sentence);
  assert.equal(stderr.trim().split("\n").length, 1, stderr);
  assert.deepEqual([status, stdout, saved()], [1, "", {}]);
};

const names = () => readdirSync(folder).filter((name) => name.startsWith("secrets"));

test("a new worker gets all four, and the file has what was set", async () => {
  cloudflare = await startCloudflare(undefined);
  const { status, stdout, stderr } = await command();
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^Set in my-videos, with new values: JWT_SECRET, WEBHOOK_SECRET, API_KEY, ADMIN_KEY\./);
  assert.match(stdout, /`npx wrangler secret put GEMINI_API_KEY`, then `npx wrangler deploy`\.$/m);
  assert.deepEqual(cloudflare.state.sent, saved());
  assert.deepEqual(Object.keys(saved()), FOUR);
  assert.match(saved().WEBHOOK_SECRET, /^whsec_[\w+/]{43}=$/);
  assert.equal(new Set(Object.values(saved())).size, 4);
  assert.equal(statSync(join(folder, "secrets.env")).mode & 0o777, 0o600);
});

test("a secret that is set is never replaced", async () => {
  cloudflare = await startCloudflare(["JWT_SECRET", "GEMINI_API_KEY", "API_KEY"]);
  assert.equal((await command()).status, 0);
  assert.deepEqual(Object.keys(cloudflare.state.sent), ["WEBHOOK_SECRET", "ADMIN_KEY"]);
  cloudflare.state.requests.length = 0;
  const { status, stdout } = await command();
  assert.equal(status, 0);
  assert.match(stdout, /^The worker has JWT_SECRET, WEBHOOK_SECRET, API_KEY, ADMIN_KEY already\. To replace one/);
  assert.deepEqual(cloudflare.state.requests, ["GET /workers/scripts/my-videos/secrets"]);
});

test("the values of a secret that was replaced, and of a folder that was copied, are not set again", async () => {
  cloudflare = await startCloudflare([]);
  await command();
  const first = saved();
  const file = join(folder, "secrets.env");
  writeFileSync(file, `${readFileSync(file, "utf8")}# a note of my own\n`);
  // The key leaked, so it was deleted.
  cloudflare.state.names.splice(cloudflare.state.names.indexOf("API_KEY"), 1);
  assert.equal((await command()).status, 0);
  assert.deepEqual(Object.keys(cloudflare.state.sent), ["API_KEY"]);
  assert.notEqual(cloudflare.state.sent.API_KEY, first.API_KEY);
  assert.deepEqual(saved(), { ...first, ...cloudflare.state.sent });
  assert.ok(readFileSync(file, "utf8").includes("# a note of my own\n"), "the rest of the file is as it was");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  writeFileSync(join(folder, "wrangler.jsonc"), '{ "name": "a-copy" }');
  cloudflare.state.names.length = 0;
  assert.equal((await command()).status, 0);
  for (const [name, value] of Object.entries(cloudflare.state.sent)) assert.notEqual(value, first[name], name);
  assert.deepEqual(saved(), cloudflare.state.sent);
});

test("after a failure the same secrets are set", async () => {
  cloudflare = await startCloudflare([]);
  cloudflare.state.broken = true;
  const { status, stderr } = await command();
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^reelay-secrets: `wrangler secret bulk` failed\. Fix what it says, then run this again[\s\S]*unavailable for now/,
  );
  const first = saved("secrets.env.pending");
  assert.deepEqual(Object.keys(first), FOUR);
  assert.deepEqual(names(), ["secrets.env.pending"]);
  cloudflare.state.broken = false;
  const again = await command();
  assert.deepEqual([again.status, names()], [0, ["secrets.env"]]);
  assert.match(again.stdout, /^Set in my-videos, with the values of the run that failed: JWT_SECRET, /);
  assert.deepEqual(cloudflare.state.sent, first);
  assert.deepEqual(saved(), first);
});

test("a run that was cut off after it set the secrets has not lost them", async () => {
  cloudflare = await startCloudflare([]);
  cloudflare.state.broken = true;
  await command();
  const first = saved("secrets.env.pending");
  cloudflare.state.names = [...FOUR];
  const { status, stdout } = await command();
  assert.equal(status, 0);
  assert.match(stdout, /^A run before was cut off\. The values that it set are in secrets\.env\.$/m);
  assert.deepEqual([names(), saved()], [["secrets.env"], first]);
});

test("the values of a run that failed are not those of another worker", async () => {
  cloudflare = await startCloudflare([]);
  cloudflare.state.broken = true;
  await command();
  const first = readFileSync(join(folder, "secrets.env.pending"), "utf8");
  cloudflare.state.broken = false;
  writeFileSync(join(folder, "wrangler.jsonc"), '{ "name": "a-copy" }');
  await refused(
    /^reelay-secrets: secrets\.env\.pending is not of the worker a-copy: move it away, and run this again\./,
  );
  assert.equal(readFileSync(join(folder, "secrets.env.pending"), "utf8"), first);
  assert.equal(cloudflare.state.sent, undefined);
});

test("each environment and each configuration has its own worker and its own file", async () => {
  cloudflare = await startCloudflare([]);
  writeFileSync(join(folder, "wrangler.jsonc"), '{ "name": "my-videos", "env": { "staging": {} } }');
  writeFileSync(join(folder, "wrangler.eu.toml"), 'name = "my-videos-eu"\n');
  writeFileSync(join(folder, "package.json"), '{ "scripts": { "deploy": "wrangler deploy" } }');
  for (const [args, worker, file, deploy] of [
    [[], "my-videos", "secrets.env", "npm run deploy"],
    [["--env", "staging"], "my-videos-staging", "secrets.staging.env", "npm run deploy -- --env staging"],
    [["--config=wrangler.eu.toml"], "my-videos-eu", "secrets.eu.env", "npm run deploy -- --config wrangler.eu.toml"],
  ]) {
    Object.assign(cloudflare.state, { names: [], requests: [], sent: undefined });
    const { status, stdout, stderr } = await command(args);
    assert.equal(status, 0, stderr);
    const used = new Set(cloudflare.state.requests.map((line) => /scripts\/([^/]+)/.exec(line)?.[1]).filter(Boolean));
    assert.deepEqual([...used], [worker], `${args}`);
    assert.deepEqual(saved(file), cloudflare.state.sent, file);
    assert.ok(stdout.includes(`, then \`${deploy}\`.`), stdout);
  }
  assert.equal(
    new Set(["secrets.env", "secrets.staging.env", "secrets.eu.env"].map((one) => saved(one).API_KEY)).size,
    3,
  );
});

test("what cannot be meant is refused, and --help sets nothing", async () => {
  cloudflare = await startCloudflare([]);
  for (const args of [["--force"], ["staging"], ["--env"], ["--help=no"]])
    await refused(/^reelay-secrets: Only --config FILE, --env NAME and --help can be given\./, args);
  await refused(/^reelay-secrets: There is no wrangler configuration "nowhere\.toml"\./, ["--config", "nowhere.toml"]);
  await refused(/^reelay-secrets: wrangler\.jsonc has no environment "stagin"\./, ["--env", "stagin"]);
  const { status, stdout } = await command(["--help"]);
  assert.equal(status, 0);
  assert.match(stdout, /^npx reelay-secrets \[--config FILE\] \[--env NAME\]$/m);
  assert.deepEqual([cloudflare.state.requests, names()], [[], []]);
});

test("a file that cannot be written, and an answer that is no list, are said in one sentence", async () => {
  cloudflare = await startCloudflare([]);
  const full = join(folder, "full.cjs");
  writeFileSync(full, FULL_DISK);
  await refused(
    /^reelay-secrets: The disk is full: make room for secrets\.env\.pending, and run this again\./,
    [],
    ["--require", full],
  );
  mkdirSync(join(folder, "secrets.env.pending"));
  await refused(/^reelay-secrets: secrets\.env\.pending cannot be read or written: change its permissions/);
  rmSync(join(folder, "secrets.env.pending"), { recursive: true });
  assert.equal(cloudflare.state.sent, undefined);
  rmSync(join(folder, "node_modules"));
  mkdirSync(join(folder, "node_modules/wrangler"), { recursive: true });
  writeFileSync(
    join(folder, "node_modules/wrangler/package.json"),
    '{ "bin": { "wrangler": "cli.js" }, "main": "cli.js" }',
  );
  writeFileSync(join(folder, "node_modules/wrangler/cli.js"), OTHER_WRANGLER);
  const { status, stderr } = await command();
  assert.deepEqual([status, names()], [1, []]);
  assert.equal(stderr, "reelay-secrets: `wrangler secret list` answered no list of secrets, but:\n[maintenance]\n");
});

test("without a login it says how to log in", () =>
  refused(/^reelay-secrets: wrangler is not logged in: run `npx wrangler login`/));

test("outside a project, and before the installation, it says where and what to run", async () => {
  rmSync(join(folder, "node_modules"));
  await refused(/^reelay-secrets: wrangler is not installed here: run `npm install` first\./);
  rmSync(join(folder, "wrangler.jsonc"));
  await refused(/^reelay-secrets: There is no wrangler configuration here: run this in the folder/);
});

test("nothing is written to a file that git would commit", async () => {
  cloudflare = await startCloudflare([]);
  assert.equal(spawnSync("git", ["init", "--quiet"], { cwd: folder }).status, 0);
  await refused(/^reelay-secrets: Git does not ignore secrets\.env: add it to \.gitignore and run this again\./);
  writeFileSync(join(folder, ".gitignore"), "secrets.env\n");
  await refused(/^reelay-secrets: Git does not ignore secrets\.env\.pending: add it to \.gitignore/);
  cpSync(TEMPLATE_GITIGNORE, join(folder, ".gitignore"));
  assert.equal((await command()).status, 0);
  assert.ok(existsSync(join(folder, "secrets.env")));
});
