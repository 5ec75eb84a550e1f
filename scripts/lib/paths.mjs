// Paths: the checkout, the cache that outlives it, and the environment of child processes.

import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** Tools, toolchains and build output that a fresh checkout reuses. */
export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "reelay");

/** node_modules/.bin, which has wrangler and the Node that it needs. */
export const NODE_BIN = join(ROOT, "node_modules", ".bin");

/** The folder that worker-build writes and wrangler serves. */
export const BUILD = join(ROOT, "build");

/** Local state and logs; ignored by git, and where plain `wrangler dev` keeps its own. */
export const STATE = join(ROOT, ".wrangler");

/** The folder of cargo's finished programs. */
export const TARGET = resolve(ROOT, process.env.CARGO_TARGET_DIR || "target");

/**
 * The environment of cargo, wrangler and all that they start. Cargo's intermediate output goes to
 * the cache, so that a clean checkout builds warm, unless the caller has set another folder.
 */
export function environment(extra = {}) {
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" };
  env.PATH = [NODE_BIN, ...(env.PATH ?? "").split(delimiter).filter((entry) => entry && entry !== NODE_BIN)].join(
    delimiter,
  );
  if (!env.CARGO_TARGET_DIR) env.CARGO_BUILD_BUILD_DIR ??= join(CACHE, "build");
  const { PATH: first, ...others } = extra;
  if (first) env.PATH = `${first}${delimiter}${env.PATH}`;
  return { ...env, ...others };
}
