// `npm start` and `npm run dev`: everything on this machine. Installs, builds, serves; `npm start`
// also runs one sample.
//   --no-sample            only serve          --once                 end after the sample
//   --port N, PORT         the worker's port   --upstream-port N, UPSTREAM_PORT   the upstream's

import { main } from "./lib/main.mjs";
import { chosenPorts } from "./lib/ports.mjs";
import { prepare } from "./lib/prepare.mjs";
import { elapsed, say } from "./lib/report.mjs";
import { stopAll } from "./lib/run.mjs";
import { runSample } from "./lib/sample.mjs";
import { ended, firstEnd, LOGS, startCron, startUpstream, startWorker } from "./lib/services.mjs";

await main(async () => {
  const started = performance.now();
  const args = process.argv.slice(2);
  const ports = chosenPorts(args, process.env);
  const vars = await prepare(ports, "npm start");

  const terminal = { open: false };
  const services = [await startUpstream(ports.upstream, vars, terminal), await startWorker(ports, vars, terminal)];
  startCron(ports.worker);
  const [worker, upstream] = [`http://127.0.0.1:${ports.worker}`, `http://127.0.0.1:${ports.upstream}`];
  say(`\nReady after ${elapsed(started)}:`);
  say(`  worker          ${worker}`);
  say(`  dashboard       ${worker}/dashboard   sign in with ${vars.ADMIN_KEY}, or dev_<userId> for a user`);
  say(`  webhook inbox   ${upstream}/inbox`);
  say(`  logs            ${LOGS}`);

  const end = firstEnd(services);
  if (!args.includes("--no-sample")) {
    const fail = end.then((how) => Promise.reject(ended(how)));
    await Promise.race([runSample(worker, upstream), fail]);
  }
  if (args.includes("--once")) {
    await stopAll();
    return process.exit(0);
  }
  say("\nEverything keeps running; Ctrl-C stops it.\n");
  terminal.open = true;
  throw ended(await end);
});
