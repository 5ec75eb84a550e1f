// A small clone with every place that a release changes, as it is before the first one.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Failure } from "../lib/report.mjs";

const VERSION = "0.1.0";
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
const manifest = (name, more) => json({ name, version: VERSION, license: "Apache-2.0", ...more });
const needs = (name) => ({ dependencies: { [name]: VERSION } });
const until = (...names) =>
  names
    .map((name) => `<!-- until a release: ${name} -->\nNot yet: reelay-client-${VERSION}.tgz.\n<!-- end -->\n`)
    .join("\n");

const FILES = {
  "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n* The first change.\n",
  "Cargo.lock": `[[package]]\nname = "reelay"\nversion = "${VERSION}"\n\n[[package]]\nname = "serde"\nversion = "1.0.0"\n`,
  "Cargo.toml": `[package]\nname = "reelay"\nversion = "${VERSION}"\n`,
  "README.md": `# Reelay\n\n${until("readme")}\nThe rest.\n`,
  "assets/openapi.json": json({ info: { title: "Reelay", version: VERSION } }),
  "deploy/README.md": `# A worker\n\n${until("folder", "documentation")}`,
  "deploy/package.json": json({ dependencies: { "@reelay/worker": `^${VERSION}` } }),
  "docs/deploying.md": `# Deploying\n\n${until("deploying")}`,
  "docs/quickstart.md": `# Quickstart\n\n${until("client")}\nInstall reelay-client-${VERSION}.tgz.\n`,
  "examples/nextjs/README.md": "# An example\n",
  "examples/nextjs/package.json": manifest("reelay-nextjs", needs("@reelay/client")),
  "package-lock.json": json({
    name: "reelay",
    version: VERSION,
    packages: {
      "packages/client": { name: "@reelay/client", version: VERSION },
      "packages/ai-sdk-provider": { name: "@reelay/ai-sdk-provider", version: VERSION, ...needs("@reelay/client") },
    },
  }),
  "package.json": manifest("reelay", { private: true }),
  "packages/ai-sdk-provider/package.json": manifest("@reelay/ai-sdk-provider", needs("@reelay/client")),
  "packages/ai-sdk-provider/src/version.ts": `export const VERSION = "${VERSION}";\n`,
  "packages/client/package.json": manifest("@reelay/client"),
  "packages/create-reelay/README.md": `# create-reelay\n\n${until("create")}`,
  "packages/create-reelay/package.json": manifest("create-reelay"),
  "packages/worker/package.json": manifest("@reelay/worker"),
};

/** Runs git in a folder; returns what it says. */
export function git(folder, ...args) {
  const own = ["-c", "user.name=Someone", "-c", "user.email=someone@example.com", "-c", "commit.gpgsign=false"];
  const { status, stdout, stderr } = spawnSync("git", [...own, ...args], { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Failure(`git ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Makes the clone; returns its folder. */
export function makeClone() {
  const root = mkdtempSync(join(tmpdir(), "reelay-release-"));
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  git(root, "init", "--quiet");
  commit(root);
  return root;
}

/** Commits everything. */
export function commit(root) {
  git(root, "add", ".");
  git(root, "commit", "--quiet", "--message", "A change");
}
