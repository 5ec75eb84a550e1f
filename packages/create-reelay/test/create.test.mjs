// What `npm create reelay` writes and says, and what it refuses. Run after `npm run packages` has made its template.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../bin/create-reelay.mjs", import.meta.url));
const OLD_NODE = new URL("old_node.cjs", import.meta.url);
const { version: VERSION } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
/** Where nobody may write, not even root. */
const NOWHERE = "/sys/mine";

let home;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "create-reelay-"));
});

afterEach(() => {
  chmodSync(home, 0o755);
  rmSync(home, { recursive: true });
});

const create = (args, options = {}) =>
  spawnSync(process.execPath, [...(options.before ?? []), BIN, ...args], { cwd: home, encoding: "utf8", ...options });
const read = (...path) => readFileSync(join(home, ...path), "utf8");
const variables = (...path) =>
  Object.fromEntries([...read(...path).matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]));

/** Fails unless creating is refused with exactly one sentence that matches, and nothing was written. */
function refused(args, sentence, options) {
  const before = readdirSync(home);
  const { status, stdout, stderr } = create(args, options);
  assert.match(stderr, sentence);
  assert.equal(stderr.trim().split("\n").length, 1, stderr);
  assert.deepEqual([status, stdout], [1, ""]);
  assert.deepEqual(readdirSync(home), before);
}

test("the folder is a wrangler project with its name, and nothing of it is for others' eyes", () => {
  const { status, stdout, stderr } = create(["my-videos"]);
  assert.deepEqual([status, stderr], [0, ""]);
  assert.deepEqual(readdirSync(join(home, "my-videos")).sort(), [
    ".dev.vars",
    ".dev.vars.example",
    ".gitignore",
    "README.md",
    "nextjs.env",
    "nextjs.md",
    "package.json",
    "wrangler.jsonc",
  ]);
  const config = read("my-videos", "wrangler.jsonc");
  assert.match(config, /"name": "my-videos"/);
  assert.match(config, /"bucket_name": "my-videos"/);
  const manifest = JSON.parse(read("my-videos", "package.json"));
  assert.equal(manifest.name, "my-videos");
  assert.equal(manifest.dependencies["@reelay/worker"], `^${VERSION}`);
  const ignored = read("my-videos", ".gitignore").split("\n");
  for (const name of [".dev.vars", "nextjs.env"]) {
    assert.ok(ignored.includes(name), name);
    assert.equal(statSync(join(home, "my-videos", name)).mode & 0o777, 0o600, name);
  }
  for (const secret of Object.values(variables("my-videos", "nextjs.env")).slice(1))
    assert.ok(!stdout.includes(secret), "no secret is shown");
});

test("the secrets are fresh for each folder, long enough, and the app has its two", () => {
  create(["one"]);
  create(["two"]);
  const [one, two] = [variables("one", ".dev.vars"), variables("two", ".dev.vars")];
  for (const name of ["JWT_SECRET", "API_KEY", "ADMIN_KEY", "WEBHOOK_SECRET"]) {
    assert.notEqual(one[name], two[name], name);
    assert.ok(one[name].length >= 32, name);
  }
  assert.notEqual(one.API_KEY, one.ADMIN_KEY);
  assert.equal(Buffer.from(one.WEBHOOK_SECRET.replace("whsec_", ""), "base64").length, 32);
  assert.equal(one.ENVIRONMENT, "development");
  assert.deepEqual(variables("one", "nextjs.env"), {
    REELAY_URL: "http://127.0.0.1:8787",
    REELAY_API_KEY: one.API_KEY,
    WEBHOOK_SECRET: one.WEBHOOK_SECRET,
  });
});

test("it names the secrets that .dev.vars.example asks for", () => {
  create(["my-videos"]);
  const asked = Object.keys(variables("my-videos", ".dev.vars.example")).sort();
  const { ENVIRONMENT: _, NEXTJS_URL: __, ...secrets } = variables("my-videos", ".dev.vars");
  assert.deepEqual(Object.keys(secrets).sort(), asked);
  const { bindings } = JSON.parse(read("my-videos", "package.json")).cloudflare;
  for (const name of asked) assert.ok(bindings[name]?.description, name);
});

test("it says three commands, then the lines for a Next.js app: twenty", () => {
  const { stdout } = create(["my-videos"]);
  assert.match(stdout, /\n {2}cd my-videos\n {2}npm install\n {2}npm run dev\n/);
  assert.match(stdout, /\n {2}npm install @reelay\/client\n {2}cp \.\.\/my-videos\/nextjs\.env \.env\.local\n/);
  const blocks = [...stdout.matchAll(/^```tsx?\n([\s\S]*?)^```$/gm)].map(([, code]) => code);
  assert.equal(blocks.length, 2);
  assert.equal(blocks.join("").split("\n").filter(Boolean).length, 20);
  assert.ok(stdout.endsWith("```\n"), "the lines are the last it says");
});

test("with --packed the packages come from files, and the commands name them", () => {
  mkdirSync(join(home, "packed"));
  const names = ["worker", "client"].map((name) => `reelay-${name}-${VERSION}.tgz`);
  for (const name of names) writeFileSync(join(home, "packed", name), "");
  const { stdout } = create(["my-videos", "--packed", "packed"]);
  const { dependencies } = JSON.parse(read("my-videos", "package.json"));
  assert.equal(dependencies["@reelay/worker"], `file:../packed/${names[0]}`);
  assert.ok(stdout.includes(`\n  npm install ../packed/${names[1]}\n`), stdout);
});

test("a folder that is not empty is left as it is; an empty one is filled", () => {
  mkdirSync(join(home, "mine"));
  create(["mine"]);
  assert.ok(existsSync(join(home, "mine/wrangler.jsonc")));
  rmSync(join(home, "mine/wrangler.jsonc"));
  refused(["mine"], /^create-reelay: mine is not empty: choose a folder/);
  assert.ok(!existsSync(join(home, "mine/wrangler.jsonc")));
  writeFileSync(join(home, "file"), "");
  refused(["file"], /^create-reelay: file is a file/);
  refused(["file/below"], /^create-reelay: file\/below is a file, or below one/);
});

test("a place where one may not write is named", () => {
  const sentence = /^create-reelay: \S*mine cannot be written: choose a place where you may write/;
  if (process.getuid?.() === 0) return refused([NOWHERE], sentence);
  chmodSync(home, 0o555);
  refused(["mine"], sentence);
});

test("an old Node is named which one is needed", () => {
  const before = ["--require", fileURLToPath(OLD_NODE)];
  refused(["mine"], /^create-reelay: Node 18\.20\.8 is too old: install Node 22\.12 or newer/, { before });
});

test("what cannot be meant is refused with an example", () => {
  for (const args of [[], ["one", "two"]])
    refused(args, /Name one folder, such as: npm create reelay@latest my-videos/);
  refused(["--force", "mine"], /Only the folder and --packed can be given/);
  refused(["mine", "--packed"], /Only the folder and --packed can be given/);
  refused(["mine", "--packed", "nowhere"], /There is no .*reelay-worker-.*: run `npm run packages`/);
  for (const name of ["my videos", "-", "1st", "a", "x".repeat(64), "été"])
    refused(["--", name], /A worker cannot be called/);
});
