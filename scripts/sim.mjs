// `npm run sim -- --seeds 1000000`: any number of simulated seeds, on all cores, with an optimised
// build.

import { parseArgs } from "node:util";
import { locked } from "./lib/lock.mjs";
import { main } from "./lib/main.mjs";
import { CACHE, environment, ROOT } from "./lib/paths.mjs";
import { Failure, step, table } from "./lib/report.mjs";
import { run } from "./lib/run.mjs";

const DEFAULT_SEEDS = "100000";
const USAGE = "npm run sim -- [--seeds COUNT] [--from SEED], or --seed SEED to replay one";

/** The arguments; each must be a whole number. */
function readArguments() {
  let values;
  try {
    const text = { type: "string" };
    ({ values } = parseArgs({ options: { seeds: text, from: text, seed: text } }));
  } catch (error) {
    throw new Failure(`${error.message} Use: ${USAGE}.`);
  }
  for (const [name, value] of Object.entries(values)) {
    if (!/^\d{1,18}$/.test(value)) throw new Failure(`--${name} must be a number, not ${value}. Use: ${USAGE}.`);
  }
  return values;
}

/**
 * The text for a failed run: the broken invariant and the command that replays it, if the run got
 * that far.
 */
function explain(lines) {
  const command = lines.findIndex((line) => line.startsWith("replay it: "));
  return command > 0 ? lines.slice(command - 1, command + 1).join("\n") : "The simulation failed: see the lines above.";
}

await main(async () => {
  const { seed, seeds = DEFAULT_SEEDS, from = "0" } = readArguments();
  const wanted = seed === undefined ? { REELAY_SIM_SEEDS: seeds, REELAY_SIM_FROM: from } : { REELAY_SIM_SEED: seed };
  const env = environment({ ...wanted, REELAY_SIM_PROGRESS: "1", RUST_BACKTRACE: "0" });
  const cargo = ["test", "--package", "reelay", "--locked", "--profile", "sim", "--test", "sim"];
  const build = [...cargo, "--no-run"];
  const seedsOnly = [...cargo, "--", "every_seed", "--nocapture"];
  await locked(CACHE, "sim", ROOT, async () => {
    await step("build", () => run("cargo", build, { cwd: ROOT, env }));
    await step("simulation", () => run("cargo", seedsOnly, { cwd: ROOT, env, show: true, explain }));
  });
  table("Every invariant held:");
});
