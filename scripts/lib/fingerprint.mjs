// Whether build/ is what the sources would give: worker-build runs its later stages each time, so it is skipped when nothing
// has changed.

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

/** Every file that went into the crate, from the list rustc writes: a new file counts once a known one names it. */
function inputs() {
  const list = readFileSync(join(TARGET, WASM_TARGET, "release", "reelay.d"), "utf8");
  const line = list.split("\n").find((entry) => entry.includes(".wasm:")) ?? "";
  const files = line.slice(line.indexOf(".wasm:") + ".wasm:".length).split(/(?<!\\) /);
  return files.map((file) => file.trim().replaceAll("\\ ", " ")).filter(Boolean);
}

const tools = (toolchain) => digest(JSON.stringify([CARGO_TOOLS, toolchain, ROOT]));

/** Whether build/ was built by these tools from these inputs and is unharmed. */
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

/** Forgets the record before a build, so that an interrupted one is not taken for finished. */
export const forget = () => rmSync(RECORD, { force: true });

/** Records a build begun at `startedAt` (ms since the epoch), unless a file was edited meanwhile: then it has to run again. */
export function remember(toolchain, startedAt) {
  const files = [...ALWAYS, ...inputs()];
  if (files.some((file) => statSync(file).mtimeMs > startedAt)) return;
  const record = { tools: tools(toolchain), inputs: digests(files), outputs: digests(OUTPUTS) };
  writeFileSync(RECORD, `${JSON.stringify(record)}\n`);
}
