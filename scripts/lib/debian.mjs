// A toolchain for wasm without rustup's server. Debian has a newer compiler without the wasm
// target's std, and the std's source. The std is built once, and a private sysroot in the cache
// joins it to Debian's compiler and linter, and to the linker and cargo of the installed Rust.
// Except for the Debian packages, nothing outside the cache is changed.

import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { aptInstall, candidateVersion } from "./apt.mjs";
import { CACHE, environment } from "./paths.mjs";
import { Failure, step } from "./report.mjs";
import { output, run } from "./run.mjs";
import { atLeast, DEBIAN_PACKAGES, DEBIAN_TOOLCHAIN_REVISION, MIN_RUST, WASM_TARGET } from "./versions.mjs";

const COMPILER = "/usr/bin/rustc";
const LINTER = "/usr/bin/clippy-driver";
const CARGO_LINTER = "/usr/bin/cargo-clippy";
const STD_SOURCE = "/usr/lib/rustlib/src/rust/library";

/** Whether this is a Debian with apt. */
export const haveDebian = () => process.platform === "linux" && existsSync("/usr/bin/apt-get");

const debianVersion = () => output(COMPILER, ["--version"])?.split(" ")[1];
const folderOf = (version) => join(CACHE, "toolchains", `debian-${version}-r${DEBIAN_TOOLCHAIN_REVISION}`);

/** The assembled toolchain, if it exists and matches the installed compiler. */
export function debianToolchain() {
  const version = haveDebian() ? debianVersion() : undefined;
  if (!version || !existsSync(folderOf(version))) return undefined;
  const bin = join(folderOf(version), "bin");
  return { name: `debian ${output(COMPILER, ["-vV"])}`, env: { PATH: bin, RUSTC: join(bin, "rustc") } };
}

/** Installs Debian's packages, builds the std and assembles the toolchain. */
export async function installDebianToolchain() {
  await step(`Debian's compiler (${DEBIAN_PACKAGES.join(", ")})`, installPackages);
  const folder = folderOf(debianVersion());
  const std = join(CACHE, "std-build");
  await step("the wasm standard library, from its source", () => buildStd(std));
  assemble(folder, join(std, "target", WASM_TARGET, "release", "deps"));
  rmSync(std, { recursive: true, force: true });
}

function packagesPresent() {
  const version = debianVersion();
  return (
    version &&
    atLeast(version, MIN_RUST) &&
    existsSync(STD_SOURCE) &&
    output(LINTER, ["--rustc", "-V"])?.includes(version)
  );
}

async function installPackages() {
  if (packagesPresent()) return;
  await aptInstall(DEBIAN_PACKAGES, () => atLeast(candidateVersion(DEBIAN_PACKAGES[0]) ?? "0", MIN_RUST));
  if (!packagesPresent()) {
    throw new Failure(
      `Debian's packages ${DEBIAN_PACKAGES.join(", ")} are older than ${MIN_RUST}: enable the security archive or run \`rustup target add ${WASM_TARGET}\`, then run again.`,
    );
  }
}

/**
 * Builds std in a temporary crate. Cargo takes the path of the source from a variable meant for its
 * own tests.
 */
async function buildStd(folder) {
  mkdirSync(join(folder, "src"), { recursive: true });
  writeFileSync(join(folder, "src", "lib.rs"), "");
  writeFileSync(
    join(folder, "Cargo.toml"),
    '[package]\nname = "seed"\nversion = "0.0.0"\nedition = "2024"\n\n[profile.release]\npanic = "abort"\n\n[workspace]\n',
  );
  const env = environment({ RUSTC: COMPILER, RUSTC_BOOTSTRAP: "1", __CARGO_TESTS_ONLY_SRC_ROOT: STD_SOURCE });
  for (const name of ["CARGO_TARGET_DIR", "CARGO_BUILD_BUILD_DIR", "RUSTFLAGS", "RUSTC_WRAPPER"]) delete env[name];
  await run("cargo", ["build", "-Z", "build-std=std,panic_abort", "--target", WASM_TARGET, "--release"], {
    cwd: folder,
    env,
    explain: () => "The wasm standard library did not build from Debian's source: see the lines above.",
  });
}

/** Assembles the parts under a temporary name, then renames the folder. */
function assemble(folder, built) {
  const host = output(COMPILER, ["-vV"]).match(/^host: (.*)$/m)[1];
  const rust = output("rustc", ["--print", "sysroot"]);
  const linker = [join(rust, "lib/rustlib", host, "bin/rust-lld"), "/usr/bin/rust-lld"].find(existsSync);
  if (!linker) throw new Failure("rust-lld is missing: run `apt-get install rust-web-llvm` as root, then run again.");
  const staging = `${folder}.new`;
  rmSync(staging, { recursive: true, force: true });
  const rustlib = join(staging, "lib", "rustlib");
  const [bin, hostBin, wasmLib] = [join(staging, "bin"), join(rustlib, host, "bin"), join(rustlib, WASM_TARGET, "lib")];
  for (const path of [bin, hostBin, wasmLib]) mkdirSync(path, { recursive: true });
  const libraries = readdirSync(built).filter((name) => name.endsWith(".rlib") && !name.startsWith("libseed-"));
  for (const name of libraries) copyFileSync(join(built, name), join(wasmLib, name));
  symlinkSync(join("/usr/lib/rustlib", host, "lib"), join(rustlib, host, "lib"));
  symlinkSync(linker, join(hostBin, "rust-lld"));
  symlinkSync(output("rustup", ["which", "cargo"]) ?? output("which", ["cargo"]), join(bin, "cargo"));
  // A copy, because it looks for clippy-driver in its own folder.
  copyFileSync(CARGO_LINTER, join(bin, "cargo-clippy"));
  script(join(bin, "rustc"), `exec ${COMPILER} --sysroot '${folder}' "$@"`);
  script(join(bin, "clippy-driver"), `SYSROOT='${folder}' exec ${LINTER} "$@"`);
  rmSync(folder, { recursive: true, force: true });
  renameSync(staging, folder);
}

function script(path, line) {
  writeFileSync(path, `#!/bin/sh\n${line}\n`);
  chmodSync(path, 0o755);
}
