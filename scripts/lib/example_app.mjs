// Builds the example app for the tests, unless nothing has changed.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { environment, NODE_BIN, ROOT } from "./paths.mjs";
import { step } from "./report.mjs";
import { run } from "./run.mjs";

const FOLDER = join(ROOT, "examples/nextjs");
const RECORD = join(FOLDER, ".next/sources");
/** The inputs of the app's build outside its own folder; the client's as built. */
const OTHERS = ["package-lock.json", "tsconfig.base.json"];
const CLIENT = join(ROOT, "packages/client/dist");
const NO_SOURCES = /^(\.next|node_modules|next-env\.d\.ts|.*\.tsbuildinfo|.*\.sqlite.*)$/;

function files(folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !NO_SOURCES.test(name));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : [path];
  });
}

function digest() {
  const hash = createHash("sha256").update(ROOT);
  for (const path of [...files(FOLDER), ...files(CLIENT), ...OTHERS.map((name) => join(ROOT, name))].sort())
    hash.update(`\0${relative(ROOT, path)}\0`).update(readFileSync(path));
  return hash.digest("hex");
}

function recorded() {
  try {
    return readFileSync(RECORD, "utf8");
  } catch {
    return undefined;
  }
}

/**
 * Builds and type-checks the app, unless its build is up to date. The npm packages must be built
 * first.
 */
export async function buildExample() {
  const sources = digest();
  if (recorded() === sources) return;
  rmSync(RECORD, { force: true });
  // Types that `next dev` generated for deleted routes would be checked too.
  rmSync(join(FOLDER, ".next/dev/types"), { recursive: true, force: true });
  await step("the example app", () =>
    run(join(NODE_BIN, "next"), ["build"], {
      cwd: FOLDER,
      env: environment({ NEXT_TELEMETRY_DISABLED: "1" }),
      explain: () => "The example app did not build: see the lines above.",
    }),
  );
  writeFileSync(RECORD, sources);
}
