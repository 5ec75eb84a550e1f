// `npx reelay-secrets` with the real wrangler, on a Cloudflare of our own.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startCloudflare } from "./cloudflare.mjs";

const BIN = fileURLToPath(new URL("../bin/reelay-secrets.mjs", import.meta.url));
const NODE_MODULES = fileURLToPath(new URL("../../../node_modules", import.meta.url));
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
async function command() {
  const { PATH } = process.env;
  const env = { PATH, HOME: folder, WRANGLER_SEND_METRICS: "false", CI: "true", ...cloudflare?.env };
  const child = spawn(process.execPath, [BIN], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const status = await new Promise((resolve) => child.on("close", resolve));
  for (const secret of Object.values(saved())) assert.ok(!(stdout + stderr).includes(secret), "no secret is shown");
  return { status, stdout, stderr };
}

function saved() {
  try {
    const lines = readFileSync(join(folder, "secrets.env"), "utf8").matchAll(/^([A-Z_]+)=(.*)$/gm);
    return Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
  } catch {
    return {};
  }
}

test("a new worker gets all four, and the file has what was set", async () => {
  cloudflare = await startCloudflare(undefined);
  const { status, stdout, stderr } = await command();
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^Set: JWT_SECRET, WEBHOOK_SECRET, API_KEY, ADMIN_KEY\./);
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

test("after a failure the same secrets are set", async () => {
  cloudflare = await startCloudflare([]);
  cloudflare.state.broken = true;
  const { status, stderr } = await command();
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^reelay-secrets: `wrangler secret bulk` failed\. Fix what it says, then run this again[\s\S]*unavailable for now/,
  );
  const first = saved();
  assert.deepEqual(Object.keys(first), FOUR);
  cloudflare.state.broken = false;
  assert.equal((await command()).status, 0);
  assert.deepEqual(cloudflare.state.sent, first);
});

const refused = async (sentence) => {
  const { status, stdout, stderr } = await command();
  assert.match(stderr, sentence);
  assert.equal(stderr.trim().split("\n").length, 1, stderr);
  assert.deepEqual([status, stdout, saved()], [1, "", {}]);
};

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
  assert.equal((await command()).status, 0);
});
