// `npm run example`: the example app on this machine, with a worker and the local upstream.
//   --app-port N, APP_PORT   the app's port; the ports of `npm start` can be set as well

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { main } from "./lib/main.mjs";
import { STATE } from "./lib/paths.mjs";
import { chosenPorts } from "./lib/ports.mjs";
import { prepare } from "./lib/prepare.mjs";
import { elapsed, say } from "./lib/report.mjs";
import { ended, firstEnd, LOGS, startApp, startCron, startUpstream, startWorker } from "./lib/services.mjs";
import { buildPackages } from "./lib/typescript.mjs";

/** Holds the app's database together with its worker's state. */
const FOLDER = join(STATE, "example");

await main(async () => {
  const started = performance.now();
  const ports = chosenPorts(process.argv.slice(2), process.env, ["worker", "upstream", "app"]);
  const vars = await prepare(ports, "npm run example", buildPackages);
  mkdirSync(FOLDER, { recursive: true });

  const terminal = { open: false };
  const app = `http://127.0.0.1:${ports.app}`;
  const own = { NEXTJS_URL: app, ENABLE_CLARIFICATIONS: "true" };
  const services = [
    await startUpstream(ports.upstream, vars, terminal),
    await startWorker(ports, vars, terminal, { own, state: join(FOLDER, "state") }),
    await startApp(ports, vars, FOLDER, terminal),
  ];
  startCron(ports.worker);
  say(`\nReady after ${elapsed(started)}:`);
  say(`  the app       ${app}`);
  say(`  dashboard     http://127.0.0.1:${ports.worker}/dashboard   sign in with ${vars.ADMIN_KEY}`);
  say(`  logs          ${LOGS}`);
  say("\nTry these prompts; the local upstream reads the marks in brackets:");
  say("  A paper boat on a calm lake at dawn");
  say("  A kite over a hill [[render:20000]]          takes 20 seconds, so you can cancel it");
  say("  A kite that nobody may see [[result:rai]]    is filtered, and asks for another prompt");
  say("  A kite that tears [[result:code13]]          fails");
  say("\nEverything keeps running; Ctrl-C stops it.\n");
  terminal.open = true;
  throw ended(await firstEnd(services));
});
