// `npm run setup`: installs everything that the build needs and that is missing. Safe to interrupt
// and to repeat.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureCargoTools } from "./lib/cargo_tools.mjs";
import { claim } from "./lib/checkouts.mjs";
import { main } from "./lib/main.mjs";
import { ensureNodeModules } from "./lib/node_modules.mjs";
import { CACHE, ROOT } from "./lib/paths.mjs";
import { say, table } from "./lib/report.mjs";
import { ensureToolchain } from "./lib/toolchain.mjs";

/** Installs what is missing; returns the compiler for wasm. */
export async function setup() {
  await ensureNodeModules();
  const toolchain = await ensureToolchain();
  await ensureCargoTools();
  if (!process.env.CARGO_TARGET_DIR) claim(join(CACHE, "build"), ROOT);
  return toolchain;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    await setup();
    table("Set-up took:");
    say("Everything is installed.");
  });
}
