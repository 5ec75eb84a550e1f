// The way without Rust, from the packed tarballs, on a machine that has only Node: a folder, its
// installation, a demo video that plays in a browser, and a Next.js app of twenty lines that
// receives its webhook and then orders one itself.

import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { onBareMachine } from "./lib/bare_machine.mjs";
import { parseVars } from "./lib/dev_vars.mjs";
import { environment, NODE_BIN, ROOT } from "./lib/paths.mjs";
import { Failure, say, step } from "./lib/report.mjs";
import { eachLine, run, start, stop } from "./lib/run.mjs";
import { PACKED } from "./lib/tarballs.mjs";
import { checkSentences } from "./lib/wrangler_sentences.mjs";

/** From the downloaded packages to the video and its webhook. */
const LIMIT_MS = 60_000;
const READY_MS = 60_000;
const SHOWN_LINES = 60;
/** What create-reelay says comes next. */
const COMMANDS = /^ {2}(cd .*)\n {2}(npm install)\n {2}(npm run dev)$/m;
const OFFLINE = { npm_config_offline: "true" };
const FOLDER = "my-videos";

/**
 * Does all of it; `browser` is a Chromium's path, `app` the folder of the built app of twenty
 * lines. The tarballs must be packed.
 */
export function testWithoutRust(browser, app) {
  return onBareMachine(async (machine) => {
    await step("the download of the packages, without Rust", async () => {
      await makeProject(machine, "download");
      await machine.shell("npm install", { in: "download", env: { npm_config_prefer_offline: "true" } });
    });
    const ports = { worker: await freePort(), app: await freePort() };
    const servers = [];
    try {
      const play = await step("the first video, without Rust", () => firstVideo(machine, ports, servers, browser, app));
      await step("the twenty lines in Next.js", () => play("twenty_lines", { APP_ORIGIN: origin(ports.app) }));
      await step("a dry run of its deployment", () =>
        machine.shell("npm run deploy -- --dry-run", { in: FOLDER, env: OFFLINE }),
      );
      await step("what npm and wrangler say when something is wrong", () => checkSentences(machine, FOLDER));
    } catch (error) {
      for (const { name, lines } of servers)
        process.stderr.write(`--- the ${name}:\n${lines.slice(-SHOWN_LINES).join("\n")}\n`);
      throw error;
    } finally {
      for (const { child } of servers) await stop(child);
    }
  });
}

/**
 * Measures what a user does, by the commands that they are told. The app runs beside the machine,
 * because it belongs to another project. Returns a function that plays a scenario of
 * tests/browser.
 */
async function firstVideo(machine, ports, servers, browser, app) {
  const started = performance.now();
  const [, cd, install, dev] = await makeProject(machine, FOLDER, OFFLINE);
  await machine.shell(`${cd} && ${install}`, { env: OFFLINE });
  const project = join(machine.folder, FOLDER);
  setAddresses(project, ports);
  const variables = (name) => parseVars(readFileSync(join(project, name), "utf8"));
  const worker = { name: "worker", command: dev, cwd: project, env: { ...machine.env, ...OFFLINE } };
  await serve(servers, worker, `${origin(ports.worker)}/health`);
  const next = join(app, "../node_modules/.bin/next");
  const command = `exec ${next} start --hostname 127.0.0.1 --port ${ports.app}`;
  const receiver = { name: "app", command, cwd: app, env: environment(variables("nextjs.env")) };
  const { lines } = await serve(servers, receiver, origin(ports.app));

  const { ADMIN_KEY, API_KEY } = variables(".dev.vars");
  const place = { CHROMIUM_BIN: browser, REELAY_ORIGIN: origin(ports.worker) };
  const keys = { REELAY_ADMIN_KEY: ADMIN_KEY, REELAY_SERVICE_KEY: API_KEY };
  const play = (scenario, more) =>
    run(join(NODE_BIN, "node"), [join(ROOT, "tests/browser", `${scenario}.mjs`)], {
      env: environment({ ...place, ...keys, ...more }),
      explain: () => `The scenario ${scenario} failed: see the lines above.`,
    });
  await play("first_video");
  await until("the app has the webhook", () => lines.some((line) => line.includes("/video?")));
  report(performance.now() - started);
  return play;
}

/** Makes a project by create-reelay; returns the commands that it says come next. */
async function makeProject(machine, name, env) {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const tarball = join(PACKED, `create-reelay-${version}.tgz`);
  const command = `npm exec --yes --package=${tarball} -- create-reelay ${name} --packed ${PACKED}`;
  const lines = await machine.shell(command, { env });
  const said = COMMANDS.exec(lines.join("\n"));
  if (!said) throw new Failure(`create-reelay does not say the next three commands:\n${lines.join("\n")}`);
  return said;
}

/** Moves everything to free ports, because the standard ones may be taken here. */
function setAddresses(project, ports) {
  const edit = (name, from, to) => {
    const path = join(project, name);
    const text = readFileSync(path, "utf8");
    if (!text.includes(from)) throw new Failure(`${name} has no ${from}.`);
    writeFileSync(path, text.replace(from, to));
  };
  edit("wrangler.jsonc", '"port": 8787', `"port": ${ports.worker}`);
  edit(".dev.vars", "NEXTJS_URL=http://127.0.0.1:3000", `NEXTJS_URL=${origin(ports.app)}`);
  edit("nextjs.env", "REELAY_URL=http://127.0.0.1:8787", `REELAY_URL=${origin(ports.worker)}`);
}

/** Starts a server, adds it to `servers`, and waits until its address answers. */
async function serve(servers, { name, command, cwd, env }, address) {
  const child = start("/bin/sh", ["-c", command], { cwd, env });
  const server = { name, child, lines: [] };
  servers.push(server);
  for (const stream of [child.stdout, child.stderr]) eachLine(stream, (line) => server.lines.push(line));
  let ended = false;
  child.ended.then(() => {
    ended = true;
  });
  const answers = () =>
    fetch(address, { signal: AbortSignal.timeout(5_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  await until(`the ${name} answers`, async () => {
    if (ended) throw new Failure(`The ${name} ended: see its lines above.`);
    return answers();
  });
  return server;
}

async function until(what, probe) {
  const deadline = performance.now() + READY_MS;
  while (!(await probe())) {
    if (performance.now() > deadline) throw new Failure(`Not within ${READY_MS / 1000} s: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function report(took) {
  const [seconds, limit] = [(took / 1000).toFixed(1), LIMIT_MS / 1000];
  say(`  without Rust: ${seconds} s from the downloaded packages to a demo video and its webhook, at most ${limit} s`);
  if (took > LIMIT_MS) throw new Failure(`The first video took ${seconds} s, at most ${limit} s.`);
}

const origin = (port) => `http://127.0.0.1:${port}`;

function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen({ port: 0, host: "127.0.0.1" }, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
