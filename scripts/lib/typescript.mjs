// The npm packages of this repository: their types from the API's description, and their build.

import { join } from "node:path";
import { environment, NODE_BIN, ROOT } from "./paths.mjs";
import { step } from "./report.mjs";
import { run } from "./run.mjs";

/** The packages, each after its dependencies. */
export const PACKAGES = ["packages/client", "packages/ai-sdk-provider"];

/** The client's types of the API, written by `npm run openapi`. */
export const DESCRIPTION = "packages/client/src/description.ts";

/** Writes the types of the API's description to `path`. */
export async function writeDescription(path) {
  const args = [
    "assets/openapi.json",
    "--root-types",
    "--root-types-no-schema-prefix",
    "--default-non-nullable=false",
    "--output",
    path,
  ];
  await run(join(NODE_BIN, "openapi-typescript"), args, { cwd: ROOT, env: environment() });
}

/** Compiles the packages to their dist/ folders. */
export async function buildPackages() {
  await step("the npm packages", async () => {
    for (const folder of PACKAGES)
      await run(join(NODE_BIN, "tsc"), ["--project", folder], { cwd: ROOT, env: environment(), show: true });
  });
}
