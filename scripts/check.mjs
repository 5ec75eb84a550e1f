// `npm run check`: formatting, lints on the host and on wasm, and the size of the upload.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWorker } from "./build.mjs";
import { main } from "./lib/main.mjs";
import { environment, NODE_BIN, ROOT } from "./lib/paths.mjs";
import { Failure, say, step, table } from "./lib/report.mjs";
import { run } from "./lib/run.mjs";
import { MAX_UPLOAD_GZIP_KIB, WASM_TARGET } from "./lib/versions.mjs";
import { setup } from "./setup.mjs";

const DENY = ["--", "-D", "warnings"];

/** Bundles as a deployment would, without an account, and reads the size that wrangler prints. */
async function uploadSize() {
  const folder = mkdtempSync(join(tmpdir(), "reelay-upload-"));
  try {
    const lines = await run(join(NODE_BIN, "wrangler"), ["deploy", "--dry-run", "--outdir", folder], {
      cwd: ROOT,
      env: environment({ REELAY_PREBUILT: "1", NO_COLOR: "1" }),
    });
    const size = lines.map((line) => /Total Upload: (.*) \/ gzip: ([\d.]+) KiB/.exec(line)).find(Boolean);
    if (!size) throw new Failure("wrangler printed no upload size.");
    say(`  upload ${size[1]}, gzip ${size[2]} KiB of at most ${MAX_UPLOAD_GZIP_KIB} KiB`);
    if (Number(size[2]) > MAX_UPLOAD_GZIP_KIB)
      throw new Failure(`The upload is over ${MAX_UPLOAD_GZIP_KIB} KiB gzipped.`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main(async () => {
  const toolchain = await setup();
  const shown = (env) => ({ cwd: ROOT, env: environment(env), show: true });
  const lint = ["clippy", "--locked"];
  await step("cargo fmt", () => run("cargo", ["fmt", "--all", "--check"], shown()));
  await step("biome", () => run(join(NODE_BIN, "biome"), ["ci", "."], shown()));
  await step("clippy on the host", () => run("cargo", [...lint, "--workspace", "--all-targets", ...DENY], shown()));
  await step("clippy on wasm", () => {
    const cargo = toolchain.env.PATH ? join(toolchain.env.PATH, "cargo-clippy") : "cargo";
    return run(
      cargo,
      [...lint, "--package", "reelay", "--lib", "--target", WASM_TARGET, ...DENY],
      shown(toolchain.env),
    );
  });
  await buildWorker(toolchain);
  await step("upload size", uploadSize);
  table("All checks passed:");
});
