// The worker's build, which wrangler runs as its build command: sources to build/, nothing when nothing has changed.
// REELAY_PREBUILT=1 takes build/ as it is, for tests that start many workers.

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
    ? "A crate could not be downloaded: the crates registry is out of reach. Check the network or a proxy setting and run again."
    : "The worker did not build: see the compiler's lines above.";
}

/** Builds the worker unless build/ is what the sources give; what its pages load is copied each time. */
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
  await step("the last bytes saved", shrink);
  remember(toolchain.name, startedAt);
}

/** worker-build always keeps the names of functions, a tenth of the upload, and stops after one pass; more passes save a fiftieth. */
async function shrink() {
  const module = join(BUILD, "index_bg.wasm");
  const args = ["-Oz", "--converge", "--strip-debug", "--output", module, module]; // the module itself says which features it uses
  await run(toolEnvironment().WASM_OPT_BIN, args, { cwd: ROOT, env: environment() });
}

/** Builds a native program of the workspace; cargo knows when there is nothing to do. Returns its path. */
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
