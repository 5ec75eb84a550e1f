// `npm test`: all tests. Arguments after `--` go to `cargo test`.

import { availableParallelism } from "node:os";
import { join } from "node:path";
import { buildUpstream, buildWorker } from "./build.mjs";
import { ensureBrowser } from "./lib/browser.mjs";
import { buildExample } from "./lib/example_app.mjs";
import { leftovers, stopLeftovers } from "./lib/leftovers.mjs";
import { locked } from "./lib/lock.mjs";
import { main } from "./lib/main.mjs";
import { buildNextApps, TWENTY_LINES_APP } from "./lib/next_apps.mjs";
import { CACHE, environment, NODE_BIN, ROOT } from "./lib/paths.mjs";
import { ensurePromtool } from "./lib/promtool.mjs";
import { ensurePython } from "./lib/python.mjs";
import { Failure, step, table } from "./lib/report.mjs";
import { run } from "./lib/run.mjs";
import { testPackages } from "./packages.mjs";
import { setup } from "./setup.mjs";
import { testWithoutRust } from "./without_rust.mjs";

await main(async () => {
  const toolchain = await setup();
  await ensurePython();
  const promtool = await ensurePromtool();
  const browser = await ensureBrowser();
  await buildWorker(toolchain);
  const upstream = await buildUpstream();
  // For the tests that start real workers: paths, and that build/ is up to date.
  const tag = `${process.pid}-${Date.now()}`;
  const env = environment({
    REELAY_ROOT: ROOT,
    REELAY_PREBUILT: "1",
    FAKE_UPSTREAM_BIN: upstream,
    CHROMIUM_BIN: browser,
    REELAY_RUN: tag,
    PROMTOOL: promtool,
    // The longest tests mostly wait for real processes, so more of them than there are cores may
    // run at once.
    RUST_TEST_THREADS: process.env.RUST_TEST_THREADS ?? String(Math.max(6, availableParallelism())),
    CI: "true",
  });
  const shown = { cwd: ROOT, env, show: true, explain: () => "A test failed: see the lines above." };
  const scripts = ["--test", "--test-reporter=spec", "scripts/tests/*.test.mjs"];
  let left = [];
  try {
    await step("script tests", () => run(join(NODE_BIN, "node"), scripts, shown));
    await testPackages(browser);
    await buildExample();
    const apps = await buildNextApps();
    Object.assign(env, apps);
    await testWithoutRust(browser, apps[TWENTY_LINES_APP]);
    const cargo = ["test", "--workspace", "--locked", ...process.argv.slice(2)];
    await step("cargo test", () => locked(CACHE, "test", ROOT, () => run("cargo", cargo, shown)));
  } finally {
    left = await leftovers(tag);
    await stopLeftovers(left);
  }
  const names = left.map(({ command }) => command).join("; ");
  if (left.length > 0) throw new Failure(`The tests left processes behind, which were stopped: ${names}.`);
  table("All tests passed:");
});
