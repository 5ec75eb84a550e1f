// `npm run openapi`: writes assets/openapi.json anew from the sources.

import { main } from "./lib/main.mjs";
import { environment, ROOT } from "./lib/paths.mjs";
import { step } from "./lib/report.mjs";
import { run } from "./lib/run.mjs";

const CARGO = ["run", "--quiet", "--locked", "--package", "reelay", "--example", "openapi"];

await main(() =>
  step("the API's description", () => run("cargo", CARGO, { cwd: ROOT, env: environment(), show: true })),
);
