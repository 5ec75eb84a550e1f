// `npm start` and `npm run dev`: everything on this machine. Installs, builds, serves, and for `npm start` runs one sample.
//   --no-sample            only serve          --once                 end after the sample
//   --port N, PORT         the worker's port   --upstream-port N, UPSTREAM_PORT   the upstream's

import { buildUpstream, buildWorker } from "./build.mjs";
import { devVars } from "./lib/dev_vars.mjs";
import { main } from "./lib/main.mjs";
import { chosenPorts, requireFree } from "./lib/ports.mjs";
import { elapsed, Failure, say, table } from "./lib/report.mjs";
import { stopAll } from "./lib/run.mjs";
import { runSample } from "./lib/sample.mjs";
import { LOGS, startCron, startUpstream, startWorker } from "./lib/services.mjs";
import { setup } from "./setup.mjs";

await main(async () => {
  const started = performance.now();
  const args = process.argv.slice(2);
  const ports = chosenPorts(args, process.env);
  await requireFree(ports);
  const vars = devVars();
  if (!vars.WEBHOOK_SECRET)
    throw new Failure(".dev.vars has no WEBHOOK_SECRET: bring it back with `git checkout .dev.vars`.");
  const toolchain = await setup();
  await buildWorker(toolchain);
  await buildUpstream();
  table("Before the start:");
  await requireFree(ports);

  const terminal = { open: false };
  const services = [await startUpstream(ports.upstream, vars, terminal), await startWorker(ports, vars, terminal)];
  startCron(ports.worker);
  const [worker, upstream] = [`http://127.0.0.1:${ports.worker}`, `http://127.0.0.1:${ports.upstream}`];
  say(`\nReady after ${elapsed(started)}:`);
  say(`  worker          ${worker}`);
  say(`  dashboard       ${worker}/dashboard   sign in with ${vars.ADMIN_KEY}, or dev_<userId> for a user`);
  say(`  webhook inbox   ${upstream}/inbox`);
  say(`  logs            ${LOGS}`);

  const ended = Promise.race(services.map(async (service) => ({ service, ...(await service.child.ended) })));
  if (!args.includes("--no-sample")) {
    const fail = ended.then(({ service }) =>
      Promise.reject(new Failure(`The ${service.name} ended: its lines are in ${service.path}.`)),
    );
    await Promise.race([runSample(worker, upstream), fail]);
  }
  if (args.includes("--once")) {
    await stopAll();
    return process.exit(0);
  }
  say("\nEverything stays up; Ctrl-C ends it.\n");
  terminal.open = true;
  const { service, code, signal } = await ended;
  throw new Failure(`The ${service.name} ended (${code ?? signal}): its lines are in ${service.path}.`);
});
