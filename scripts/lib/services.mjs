// The long-lived programs of `npm start` and `npm run example`: the local upstream, workerd, the
// example app, and the clock that replaces cron.

import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { movedVars } from "./dev_vars.mjs";
import { environment, NODE_BIN, ROOT, STATE, TARGET } from "./paths.mjs";
import { DEFAULT_PORTS } from "./ports.mjs";
import { Failure, say } from "./report.mjs";
import { eachLine, start } from "./run.mjs";

const READY_MS = 60_000;
const CRON_MS = 60_000;
const POLL_MS = 100;
const SHOWN_LINES = 20;

const EXAMPLE = join(ROOT, "examples/nextjs");

export const LOGS = join(STATE, "logs");

/** Starts a program whose output goes to a log and, while `console.open`, to the terminal. */
function service(name, command, args, options, terminal) {
  mkdirSync(LOGS, { recursive: true });
  const path = join(LOGS, `${name}.log`);
  const log = createWriteStream(path);
  const child = start(command, args, { cwd: ROOT, ...options });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) {
    eachLine(stream, (line) => {
      log.write(`${line}\n`);
      lines.push(line);
      if (lines.length > SHOWN_LINES) lines.shift();
      if (terminal.open && line.trim()) say(`  ${name} │ ${line}`);
    });
  }
  return { name, child, path, lines };
}

/**
 * Waits until `ready()` is true; fails with the service's last lines if it ends or takes too long.
 */
async function until(running, ready) {
  const deadline = performance.now() + READY_MS;
  let ended;
  running.child.ended.then((result) => {
    ended = result;
  });
  while (!(await ready())) {
    if (!ended && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      continue;
    }
    for (const line of running.lines) process.stderr.write(`  ${running.name} │ ${line}\n`);
    const how = ended ? `ended with status ${ended.code ?? ended.signal}` : `was not ready within ${READY_MS / 1000} s`;
    throw new Failure(`The ${running.name} ${how}: see its log in ${running.path}.`);
  }
}

const answers = async (url) => {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
};

/** Starts the local upstream with its webhook inbox. */
export async function startUpstream(port, vars, terminal) {
  const args = ["--listen", `127.0.0.1:${port}`, "--webhook-secret", vars.WEBHOOK_SECRET ?? ""];
  const running = service("upstream", join(TARGET, "release", "fake-upstream"), args, { env: environment() }, terminal);
  await until(running, () => answers(`http://127.0.0.1:${port}/__control/health`));
  return running;
}

/**
 * Starts workerd by `wrangler dev`, with its state in `state` and its addresses on the chosen
 * ports. The variables `own` override those of .dev.vars.
 */
export async function startWorker(ports, vars, terminal, { own = {}, state = join(STATE, "state") } = {}) {
  const standard = movedVars(vars, { [DEFAULT_PORTS.worker]: ports.worker, [DEFAULT_PORTS.upstream]: ports.upstream });
  const moved = { ...standard, ...own };
  const args = ["dev", "--ip", "127.0.0.1", "--port", String(ports.worker), "--persist-to", state, "--test-scheduled"];
  args.push("--show-interactive-dev-session=false");
  for (const [name, value] of Object.entries(moved)) args.push("--var", `${name}:${value}`);
  const env = environment({ NO_COLOR: "1", FORCE_COLOR: "0" });
  const running = service("worker", join(NODE_BIN, "wrangler"), args, { env }, terminal);
  await until(running, () => answers(`http://127.0.0.1:${ports.worker}/health`));
  return running;
}

/** Starts the example app for development, its database in `folder`. */
export async function startApp(ports, vars, folder, terminal) {
  const env = environment({
    REELAY_URL: `http://127.0.0.1:${ports.worker}`,
    REELAY_API_KEY: vars.API_KEY,
    WEBHOOK_SECRET: vars.WEBHOOK_SECRET,
    DATABASE_FILE: join(folder, "example.sqlite"),
    NEXT_TELEMETRY_DISABLED: "1",
  });
  const args = ["dev", "--hostname", "127.0.0.1", "--port", String(ports.app)];
  const running = service("app", join(NODE_BIN, "next"), args, { cwd: EXAMPLE, env }, terminal);
  await until(running, () => answers(`http://127.0.0.1:${ports.app}/`));
  return running;
}

/** The first of these services that ends, and its exit. */
export const firstEnd = (services) =>
  Promise.race(services.map(async (service) => ({ service, ...(await service.child.ended) })));

/** The failure for a service that ended. */
export const ended = ({ service, code, signal }) =>
  new Failure(`The ${service.name} ended (${code ?? signal}): see its log in ${service.path}.`);

/** Fires the cron handler every minute, because workerd does not. */
export function startCron(port) {
  const fire = () =>
    fetch(`http://127.0.0.1:${port}/__scheduled?cron=*+*+*+*+*`, { signal: AbortSignal.timeout(30_000) }).catch(
      () => {},
    );
  setInterval(fire, CRON_MS).unref();
}
