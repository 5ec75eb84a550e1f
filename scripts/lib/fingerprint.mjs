// Whether build/ is up to date with the sources. worker-build always runs its later stages, so it
// is skipped when nothing has changed.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BUILD, ROOT, TARGET } from "./paths.mjs";
import { CARGO_TOOLS, WASM_TARGET } from "./versions.mjs";

const RECORD = join(BUILD, ".fingerprint.json");
const ALWAYS = ["Cargo.toml", "Cargo.lock", "package-lock.json", "scripts/build.mjs"].map((name) => join(ROOT, name));
const OUTPUTS = ["index.js", "index_bg.wasm"].map((name) => join(BUILD, name));

const digest = (text) => createHash("sha256").update(text).digest("hex");
const digests = (files) =>
  Object.fromEntries(files.map((file) => [file, existsSync(file) ? digest(readFileSync(file)) : "missing"]));
const same = (left, right) => JSON.stringify(left) === JSON.stringify(right);

/**
 * Every file that went into the crate, from the list that rustc writes. A new file counts once a
 * known one names it.
 */
function inputs() {
  const list = readFileSync(join(TARGET, WASM_TARGET, "release", "reelay.d"), "utf8");
  const line = list.split("\n").find((entry) => entry.includes(".wasm:")) ?? "";
  const files = line.slice(line.indexOf(".wasm:") + ".wasm:".length).split(/(?<!\\) /);
  return files.map((file) => file.trim().replaceAll("\\ ", " ")).filter(Boolean);
}

const tools = (toolchain) => digest(JSON.stringify([CARGO_TOOLS, toolchain, ROOT]));

/** Whether these tools built build/ from these inputs, and it is unchanged. */
export function isFresh(toolchain) {
  try {
    const record = JSON.parse(readFileSync(RECORD, "utf8"));
    return (
      record.tools === tools(toolchain) &&
      ["inputs", "outputs"].every((part) => same(record[part], digests(Object.keys(record[part]))))
    );
  } catch {
    return false;
  }
}

/** Deletes the record before a build, so that an interrupted one does not count as finished. */
export const forget = () => rmSync(RECORD, { force: true });

/**
 * Records a build begun at `startedAt` (ms since the epoch), unless a file was edited meanwhile:
 * then it must run again.
 */
export function remember(toolchain, startedAt) {
  const files = [...ALWAYS, ...inputs()];
  if (files.some((file) => statSync(file).mtimeMs > startedAt)) return;
  const record = { tools: tools(toolchain), inputs: digests(files), outputs: digests(OUTPUTS) };
  writeFileSync(RECORD, `${JSON.stringify(record)}\n`);
}
