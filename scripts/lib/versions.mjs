// The pinned versions, except npm packages (wrangler, node, esbuild, binaryen, biome), which
// package.json pins, and crates, which Cargo.toml and Cargo.lock pin.

/** The wasm target that workerd runs. */
export const WASM_TARGET = "wasm32-unknown-unknown";

/** The oldest compiler that builds the workspace; equals `rust-version` in Cargo.toml. */
export const MIN_RUST = "1.91.0";

/**
 * Cargo programs that the build runs. wasm-bindgen's version must exactly equal the crate's version
 * in Cargo.lock.
 */
export const CARGO_TOOLS = {
  "worker-build": { version: "0.8.7", binary: "worker-build" },
  "wasm-bindgen-cli": { version: "0.2.129", binary: "wasm-bindgen" },
};

/**
 * Debian's newer compiler, its std's source and its linter, which replace rustup's if its server is
 * unreachable. They need one common version, which Debian's security archive maintains.
 */
export const DEBIAN_PACKAGES = ["rustc-web", "rust-web-src", "rust-web-clippy"];

/** Debian's C compiler with the headers of its library. */
export const C_COMPILER = ["gcc", "libc6-dev"];

/** Debian's Python with the module for virtual environments. */
export const PYTHON = ["python3", "python3-venv"];

/** Debian's package with Prometheus's promtool. */
export const PROMTOOL_PACKAGE = "prometheus";

/** Debian's browser, with fonts for the prompts of most languages. */
export const BROWSER = ["chromium", "fonts-dejavu-core"];

/** Incremented when the layout of the toolchain that debian.mjs assembles changes. */
export const DEBIAN_TOOLCHAIN_REVISION = 1;

/**
 * The upload limit, gzipped, that keeps cold starts short with all wires and logs included;
 * Cloudflare allows 3 MB.
 */
export const MAX_UPLOAD_GZIP_KIB = 900;

/** The oldest Node that runs these scripts; wrangler's newer one comes from node_modules. */
export const MIN_NODE = 20;

/**
 * Whether `version` is at least `wanted`; both are dotted numbers, and anything after a `-` is
 * ignored.
 */
export function atLeast(version, wanted) {
  const parts = (text) => text.split("-")[0].split(".").map(Number);
  const [have, want] = [parts(version), parts(wanted)];
  for (let index = 0; index < want.length; index += 1) {
    const difference = (have[index] ?? 0) - want[index];
    if (difference !== 0) return difference > 0;
  }
  return true;
}
