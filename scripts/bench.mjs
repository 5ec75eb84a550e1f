// `npm run bench`: measures the cost and the speed of Reelay. Names after `--` select measurements.

import { buildBench, buildUpstream, buildWorker } from "./build.mjs";
import { locked } from "./lib/lock.mjs";
import { main } from "./lib/main.mjs";
import { CACHE, environment, ROOT } from "./lib/paths.mjs";
import { step, table } from "./lib/report.mjs";
import { run } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

await main(async () => {
  await buildWorker(await setup());
  const env = environment({ REELAY_ROOT: ROOT, FAKE_UPSTREAM_BIN: await buildUpstream() });
  const bench = await buildBench();
  const shown = { cwd: ROOT, env, show: true, explain: () => "A measurement failed: see the lines above." };
  await locked(CACHE, "bench", ROOT, () => step("benchmarks", () => run(bench, process.argv.slice(2), shown)));
  table("Total time:");
});
