// `npm run openapi`: generates assets/openapi.json from the sources, the npm client's types from
// that, and the tables of the pages in docs/.

import { main } from "./lib/main.mjs";
import { environment, ROOT } from "./lib/paths.mjs";
import { step } from "./lib/report.mjs";
import { run } from "./lib/run.mjs";
import { DESCRIPTION, writeDescription } from "./lib/typescript.mjs";

const example = (name) =>
  run("cargo", ["run", "--quiet", "--locked", "--package", "reelay", "--example", name], {
    cwd: ROOT,
    env: environment(),
    show: true,
  });

await main(async () => {
  await step("the API's description", () => example("openapi"));
  await step("the client's types", () => writeDescription(DESCRIPTION));
  await step("the tables of the documentation", () => example("docs"));
});
