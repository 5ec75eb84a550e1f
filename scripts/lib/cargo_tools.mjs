// worker-build and wasm-bindgen, compiled once into the cache.

import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CACHE, environment, NODE_BIN } from "./paths.mjs";
import { step } from "./report.mjs";
import { looksOffline, run } from "./run.mjs";
import { CARGO_TOOLS } from "./versions.mjs";

const folderOf = (name) => join(CACHE, "tools", `${name}-${CARGO_TOOLS[name].version}`);

/** The path of an installed tool. */
export const toolPath = (name) => join(folderOf(name), "bin", CARGO_TOOLS[name].binary);

/** The variables that make worker-build use these tools instead of downloading its own. */
export const toolEnvironment = () => ({
  WASM_BINDGEN_BIN: toolPath("wasm-bindgen-cli"),
  WASM_OPT_BIN: join(NODE_BIN, "wasm-opt"),
  ESBUILD_BIN: join(NODE_BIN, "esbuild"),
});

/** Installs what is missing. A debug build of a tool compiles twice as fast and runs fast enough. */
export async function ensureCargoTools() {
  const missing = Object.keys(CARGO_TOOLS).filter((name) => !existsSync(toolPath(name)));
  const shared = join(CACHE, "tools-build");
  for (const name of missing) {
    const { version } = CARGO_TOOLS[name];
    await step(`${name} ${version}, compiled once`, () => install(name, version, shared));
  }
  if (missing.length > 0) rmSync(shared, { recursive: true, force: true });
}

/**
 * Installs into a temporary folder and renames it at the end; an interrupted compilation is
 * continued next time.
 */
async function install(name, version, shared) {
  const staging = `${folderOf(name)}.new`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  const env = environment({ CARGO_TARGET_DIR: shared });
  for (const variable of ["CARGO_BUILD_BUILD_DIR", "CARGO_BUILD_TARGET", "RUSTFLAGS"]) delete env[variable];
  await run("cargo", ["install", "--locked", "--debug", "--root", staging, `${name}@${version}`], {
    cwd: CACHE,
    env,
    explain: (lines) =>
      looksOffline(lines)
        ? `${name} ${version} could not be downloaded: the crates registry is unreachable. Check the network and proxy settings, then run again; finished steps are kept.`
        : `${name} ${version} did not install: see cargo's lines above.`,
  });
  rmSync(folderOf(name), { recursive: true, force: true });
  renameSync(staging, folderOf(name));
}
