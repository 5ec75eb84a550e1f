// What `npm create reelay` writes and says, and what it refuses. Run after `npm run packages` has made its template.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
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
const before = (name) => ({ before: ["--require", fileURLToPath(new URL(name, import.meta.url))] });
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

const create = (args, { before = [], bin = BIN } = {}) =>
  spawnSync(process.execPath, [...before, bin, ...args], { cwd: home, encoding: "utf8" });
const read = (...path) => readFileSync(join(home, ...path), "utf8");
const variables = (...path) =>
  Object.fromEntries([...read(...path).matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]));

/** Fails unless creating is refused with exactly one sentence that matches, and nothing was written. */
function refused(args, sentence, options) {
  const found = readdirSync(home);
  const { status, stdout, stderr } = create(args, options);
  assert.match(stderr, sentence);
  assert.equal(stderr.trim().split("\n").length, 1, stderr);
  assert.deepEqual([status, stdout], [1, ""]);
  assert.deepEqual(readdirSync(home), found);
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
  assert.match(config, /"bucket_name": "my-videos-videos"/);
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
  const limiters = ["one", "two"].map((name) => /"namespace_id": "(\d+)"/.exec(read(name, "wrangler.jsonc"))[1]);
  assert.notEqual(limiters[0], limiters[1], "each has a limiter of its own");
  assert.ok(!limiters.includes("1001"), "which is not that of a clone");
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
  assert.match(stdout, /\n {2}npm install @reelay\/client\n\nCopy \.\.\/my-videos\/nextjs\.env to \.env\.local there/);
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

test("a shell takes the printed commands as they are meant, whatever the path", () => {
  const odd = "it's $HOME `id` here";
  mkdirSync(join(home, odd));
  for (const name of ["worker", "client"]) writeFileSync(join(home, odd, `reelay-${name}-${VERSION}.tgz`), "");
  const { stdout } = create([`${odd}/my-videos`, "--packed", odd]);
  const [, cd, install] = /^ {2}(cd .*)\n[\s\S]*^ {2}(npm install .+)$/m.exec(stdout);
  const args = (command) => {
    const program = "const [, ...args] = process.argv; console.log(JSON.stringify(args))";
    const script = command.replace(/^(cd|npm install) /, `"$0" -e '${program}' -- `);
    return JSON.parse(spawnSync("/bin/sh", ["-c", script, process.execPath], { encoding: "utf8" }).stdout);
  };
  assert.deepEqual(args(cd), [`${odd}/my-videos`]);
  assert.deepEqual(args(install), [`../reelay-client-${VERSION}.tgz`]);
  mkdirSync(join(home, "apps"));
  const { stdout: beside } = create(["apps/my-videos", "--packed", odd]);
  assert.deepEqual(args(/^ {2}(npm install .+)$/m.exec(beside)[1]), [`../../${odd}/reelay-client-${VERSION}.tgz`]);
});

test("when the disk is full nothing is left, so it can be run again", () => {
  const sentence = /^create-reelay: The disk is full: make room for \S+ and run this again\./;
  refused(["new/my-videos"], sentence, before("full_disk.cjs"));
  mkdirSync(join(home, "my-videos"));
  refused(["my-videos"], sentence, before("full_disk.cjs"));
  assert.deepEqual(readdirSync(join(home, "my-videos")), []);
  assert.equal(create(["my-videos"]).status, 0);
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
  // Node's own way to make folders never ends here.
  if (existsSync("/proc/self")) refused(["/proc/nowhere/mine"], sentence);
  if (process.getuid?.() === 0) return refused([NOWHERE], sentence);
  chmodSync(home, 0o555);
  refused(["mine"], sentence);
});

test("an old Node learns which one is needed, and reads nothing that only a newer one understands", () => {
  // A file beside nothing: what it imported before it looks at the version would be missing.
  const bin = join(home, "create-reelay.mjs");
  cpSync(BIN, bin);
  const sentence = /^create-reelay: Node 18\.20\.8 is too old: install Node 22\.12 or newer/;
  refused(["mine"], sentence, { ...before("old_node.cjs"), bin });
  const { status, stderr } = create(["mine"], { bin });
  assert.deepEqual([status, /ERR_MODULE_NOT_FOUND/.test(stderr)], [1, true]);
});

test("it explains itself when asked", () => {
  const { status, stdout, stderr } = create(["--help"]);
  assert.deepEqual([status, stderr], [0, ""]);
  for (const words of ["npm create reelay@latest my-videos", "--packed FOLDER"])
    assert.ok(stdout.includes(words), words);
  assert.deepEqual(readdirSync(home), []);
});

test("what cannot be meant is refused with an example", () => {
  for (const args of [[], ["one", "two"]])
    refused(args, /Name one folder, such as: npm create reelay@latest my-videos/);
  refused(["--force", "mine"], /Only the folder and --packed can be given/);
  refused(["mine", "--packed"], /Only the folder and --packed can be given/);
  refused(["mine", "--packed", "nowhere"], /There is no .*reelay-worker-.*: run `npm run packages`/);
  for (const name of ["my videos", "-", "1st", "a", "x".repeat(57), "été"])
    refused(["--", name], /A worker cannot be called/);
});
