// The worker's build command, which wrangler runs: compiles the sources to build/ if they have
// changed. REELAY_PREBUILT=1 uses build/ unchanged, for tests that start many workers.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { toolEnvironment, toolPath } from "./lib/cargo_tools.mjs";
import { forget, isFresh, remember } from "./lib/fingerprint.mjs";
import { main } from "./lib/main.mjs";
import { BUILD, environment, ROOT, TARGET } from "./lib/paths.mjs";
import { Failure, say, step } from "./lib/report.mjs";
import { looksOffline, run } from "./lib/run.mjs";
import { copyVendored } from "./lib/vendor.mjs";
import { setup } from "./setup.mjs";

function cargoFailure(lines) {
  return looksOffline(lines)
    ? "A crate could not be downloaded: the crates registry is unreachable. Check the network and proxy settings, then run again."
    : "The worker did not build: see the compiler's lines above.";
}

/**
 * Builds the worker unless build/ is up to date with the sources. The vendored files are copied
 * each time.
 */
export async function buildWorker(toolchain) {
  copyVendored();
  if (isFresh(toolchain.name)) return;
  forget();
  const startedAt = Date.now();
  await step("the worker, compiled to wasm", () =>
    run(toolPath("worker-build"), ["--release", ROOT, "--locked"], {
      cwd: ROOT,
      env: environment({ ...toolEnvironment(), ...toolchain.env }),
      show: true,
      explain: cargoFailure,
    }),
  );
  await step("optimising the wasm module", shrink);
  remember(toolchain.name, startedAt);
}

/**
 * worker-build always keeps the names of functions, a tenth of the upload, and stops after one
 * pass; more passes save 2 %.
 */
async function shrink() {
  const module = join(BUILD, "index_bg.wasm");
  const args = ["-O3", "--converge", "--strip-debug", "--output", module, module]; // the module lists the features that it uses
  await run(toolEnvironment().WASM_OPT_BIN, args, { cwd: ROOT, env: environment() });
}

/**
 * Builds a native program of the workspace; cargo skips it if nothing has changed. Returns its
 * path.
 */
async function buildProgram(name, what) {
  await step(what, () =>
    run("cargo", ["build", "--release", "--locked", "--package", name], {
      cwd: ROOT,
      env: environment(),
      explain: cargoFailure,
    }),
  );
  return join(TARGET, "release", name);
}

/** Builds the local upstream. Returns its path. */
export const buildUpstream = () => buildProgram("fake-upstream", "the local upstream");

/** Builds the benchmarks. Returns their path. */
export const buildBench = () => buildProgram("bench", "the benchmarks");

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    if (process.env.REELAY_PREBUILT === "1") {
      if (!existsSync(join(BUILD, "index.js")))
        throw new Failure("REELAY_PREBUILT is set but build/ is empty: run `npm run build` first.");
      return;
    }
    await buildWorker(await setup());
    say("build/ is up to date.");
  });
}
