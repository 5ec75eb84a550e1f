// A compiler for wasm: rustup's target if its server is reachable, else one assembled from Debian's
// packages.

import { existsSync, readdirSync } from "node:fs";
import { aptInstall, candidateVersion } from "./apt.mjs";
import { debianToolchain, haveDebian, installDebianToolchain } from "./debian.mjs";
import { Failure, say, step } from "./report.mjs";
import { output, run } from "./run.mjs";
import { atLeast, C_COMPILER, MIN_RUST, WASM_TARGET } from "./versions.mjs";

const TARGET_ADD_MS = 180_000;

/** Fails with one sentence unless a recent enough Rust is on the PATH. */
function requireRust() {
  const version = output("rustc", ["--version"])?.split(" ")[1];
  if (!version || !output("cargo", ["--version"])) {
    throw new Failure("Rust is missing: install it from https://rustup.rs, open a new terminal and run again.");
  }
  if (!atLeast(version, MIN_RUST)) {
    throw new Failure(
      `Rust ${version} is too old: run \`rustup update stable\` to get ${MIN_RUST} or newer, then run again.`,
    );
  }
}

/** Rust links with a C compiler, and a few crates compile C. */
async function ensureCompiler() {
  if (output("cc", ["--version"])) return;
  if (process.platform === "darwin")
    throw new Failure("A C compiler is missing: run `xcode-select --install`, then run again.");
  if (!haveDebian()) throw new Failure("A C compiler is missing: install gcc or clang and run again.");
  await step("a C compiler", () => aptInstall(C_COMPILER, () => candidateVersion(C_COMPILER[0]) !== undefined));
}

/** Whether the compiler on the PATH has the wasm target's std. */
function hasTarget() {
  const folder = output("rustc", ["--print", "target-libdir", "--target", WASM_TARGET]);
  return Boolean(folder) && existsSync(folder) && readdirSync(folder).some((name) => name.startsWith("libstd-"));
}

/** Installs the target with rustup; false if its server is unreachable. */
async function addTarget() {
  if (!output("rustup", ["--version"])) return false;
  return step(`${WASM_TARGET} from rustup`, async () => {
    try {
      await run("rustup", ["target", "add", WASM_TARGET], { timeoutMs: TARGET_ADD_MS, quiet: true });
      return hasTarget();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      say("  rustup's server is unreachable");
      return false;
    }
  });
}

/**
 * The installed compiler for wasm, if any: its name for fingerprints and the environment that
 * selects it.
 */
export function wasmToolchain() {
  if (hasTarget()) return { name: output("rustc", ["-vV"]), env: {} };
  return debianToolchain();
}

/** Makes a compiler for wasm available, installing it on the first run. */
export async function ensureToolchain() {
  requireRust();
  await ensureCompiler();
  const found = wasmToolchain();
  if (found) return found;
  if (await addTarget()) return wasmToolchain();
  if (!haveDebian()) {
    throw new Failure(
      `The target ${WASM_TARGET} could not be installed: run \`rustup target add ${WASM_TARGET}\` where rustup's server is reachable, then run again.`,
    );
  }
  await installDebianToolchain();
  return debianToolchain();
}
