// Every pinned version in one place. package.json pins the npm side (wrangler, node, esbuild, binaryen, biome),
// Cargo.toml and Cargo.lock the crates.

/** The wasm target that workerd runs. */
export const WASM_TARGET = "wasm32-unknown-unknown";

/** The oldest compiler that builds the workspace; equals `rust-version` in Cargo.toml. */
export const MIN_RUST = "1.91.0";

/** Cargo programs the build runs. wasm-bindgen's must equal the crate's version in Cargo.lock to the last digit. */
export const CARGO_TOOLS = {
  "worker-build": { version: "0.8.7", binary: "worker-build" },
  "wasm-bindgen-cli": { version: "0.2.129", binary: "wasm-bindgen" },
};

/**
 * Debian's newer compiler, its std's source and its linter: what stands in where rustup's server is out of reach.
 * They need one common version, and Debian's security archive keeps them at it.
 */
export const DEBIAN_PACKAGES = ["rustc-web", "rust-web-src", "rust-web-clippy"];

/** Debian's C compiler with the headers of its library. */
export const C_COMPILER = ["gcc", "libc6-dev"];

/** Debian's Python with what makes virtual environments. */
export const PYTHON = ["python3", "python3-venv"];

/** Debian's package with Prometheus's promtool. */
export const PROMTOOL_PACKAGE = "prometheus";

/** Debian's browser, with letters for the prompts of most languages. */
export const BROWSER = ["chromium", "fonts-dejavu-core"];

/** Raised when the layout of the toolchain that debian.mjs assembles changes. */
export const DEBIAN_TOOLCHAIN_REVISION = 1;

/** The upload limit, gzipped, that keeps cold starts short with all wires and logs aboard; Cloudflare allows 3 MB. */
export const MAX_UPLOAD_GZIP_KIB = 688;

/** The oldest Node these scripts run on; wrangler's newer one comes from node_modules. */
export const MIN_NODE = 20;

/** Whether `version` is at least `wanted`; both are dotted numbers, of which anything after a `-` is ignored. */
export function atLeast(version, wanted) {
  const parts = (text) => text.split("-")[0].split(".").map(Number);
  const [have, want] = [parts(version), parts(wanted)];
  for (let index = 0; index < want.length; index += 1) {
    const difference = (have[index] ?? 0) - want[index];
    if (difference !== 0) return difference > 0;
  }
  return true;
}
