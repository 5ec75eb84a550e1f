// `npm run openapi`: regenerates assets/openapi.json from the sources, and the types of the npm
// client from it.

import { main } from "./lib/main.mjs";
import { environment, ROOT } from "./lib/paths.mjs";
import { step } from "./lib/report.mjs";
import { run } from "./lib/run.mjs";
import { DESCRIPTION, writeDescription } from "./lib/typescript.mjs";

const CARGO = ["run", "--quiet", "--locked", "--package", "reelay", "--example", "openapi"];

await main(async () => {
  await step("the API's description", () => run("cargo", CARGO, { cwd: ROOT, env: environment(), show: true }));
  await step("the client's types", () => writeDescription(DESCRIPTION));
});
