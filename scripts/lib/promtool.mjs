// promtool, for the test that reads the metrics with Prometheus's own tool. Only this program is
// taken from Debian's package; the service is neither installed nor started.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { aptDownload } from "./apt.mjs";
import { haveDebian } from "./debian.mjs";
import { CACHE } from "./paths.mjs";
import { Failure, step } from "./report.mjs";
import { output, run } from "./run.mjs";
import { PROMTOOL_PACKAGE } from "./versions.mjs";

const FOLDER = join(CACHE, "tools", "promtool");

/** The path of promtool: the installed one, or the one from Debian's package. */
export async function ensurePromtool() {
  if (output("promtool", ["--version"]) !== undefined) return "promtool";
  const program = join(FOLDER, "usr", "bin", "promtool");
  if (existsSync(program)) return program;
  if (!haveDebian()) {
    throw new Failure("promtool is missing: install it from https://prometheus.io/download and run again.");
  }
  await step("promtool, from Debian's package", unpack);
  return program;
}

/** Unpacks into a temporary folder and renames it at the end. */
async function unpack() {
  const staging = `${FOLDER}.new`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  await aptDownload(PROMTOOL_PACKAGE, staging);
  const file = readdirSync(staging).find((name) => name.endsWith(".deb"));
  await run("dpkg-deb", ["--extract", file, "."], {
    cwd: staging,
    explain: () => "Debian's package of Prometheus could not be unpacked: see the lines above.",
  });
  rmSync(join(staging, file));
  rmSync(join(staging, "usr", "bin", "prometheus"), { force: true });
  rmSync(FOLDER, { recursive: true, force: true });
  renameSync(staging, FOLDER);
}
