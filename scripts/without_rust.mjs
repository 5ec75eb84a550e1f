// The way without Rust, from the packed tarballs, on a machine that has only Node: a folder, its installation, a demo
// video that plays in a browser, and its webhook in a Next.js app of twenty lines.

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

/** From the download of the packages to the video and its webhook. */
const LIMIT_MS = 60_000;
const READY_MS = 60_000;
const COMMANDS = /^ {2}(cd .*)\n {2}(npm install)\n {2}(npm run dev)$/m;

/** Does all of it; `browser` is a Chromium's path, `app` the folder of the built app of twenty lines. */
export function testWithoutRust(browser, app) {
  return onBareMachine(async ({ folder, env }) => {
    const shell = (cwd, command, more) =>
      run("/bin/sh", ["-c", command], {
        cwd,
        env: { ...env, ...more },
        keep: 1000,
        explain: () => `\`${command}\` failed without Rust: see the lines above.`,
      });
    await step("the download of the packages, without Rust", async () => {
      await makeProject(shell, folder, "download");
      await shell(join(folder, "download"), "npm install", { npm_config_prefer_offline: "true" });
    });

    const ports = { worker: await freePort(), app: await freePort() };
    const origins = { worker: `http://127.0.0.1:${ports.worker}`, app: `http://127.0.0.1:${ports.app}` };
    const offline = { npm_config_offline: "true" };
    const running = [];
    try {
      const started = performance.now();
      const [, cd, install, dev] = await makeProject(shell, folder, "my-videos", offline);
      const project = join(folder, "my-videos");
      await shell(folder, `${cd} && ${install}`, offline);
      setAddresses(project, ports, origins);
      const vars = parseVars(readFileSync(join(project, ".dev.vars"), "utf8"));
      const client = parseVars(readFileSync(join(project, "nextjs.env"), "utf8"));
      running.push(await serve("worker", dev, project, { ...env, ...offline }, `${origins.worker}/health`));
      const next = join(app, "../node_modules/.bin/next");
      const listen = `exec ${next} start --hostname 127.0.0.1 --port ${ports.app}`;
      running.push(await serve("app", listen, app, environment(client), origins.app));

      const keys = { REELAY_ADMIN_KEY: vars.ADMIN_KEY, REELAY_SERVICE_KEY: vars.API_KEY };
      const play = (scenario, more) =>
        run(join(NODE_BIN, "node"), [join(ROOT, "tests/browser", `${scenario}.mjs`)], {
          env: environment({ CHROMIUM_BIN: browser, REELAY_ORIGIN: origins.worker, ...keys, ...more }),
          explain: () => `${scenario} failed: see above.`,
        });
      await play("first_video");
      await until("the webhook is in the app", () => /\/video\?/.test(running[1].text()));
      report(performance.now() - started);

      await play("twenty_lines", { APP_ORIGIN: origins.app });
      await shell(project, "npm run deploy -- --dry-run", offline);
      await checkSentences(project, { ...env, ...offline });
    } catch (error) {
      for (const { name, text } of running) process.stderr.write(`--- the output of the ${name}\n${text()}\n`);
      throw error;
    } finally {
      for (const { child } of running) await stop(child);
    }
  });
}

/** Makes a project by create-reelay; returns the commands that it says come next. */
async function makeProject(shell, folder, name, more) {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const create = `npm exec --yes --package=${PACKED}/create-reelay-${version}.tgz -- create-reelay ${name} --packed ${PACKED}`;
  const lines = await shell(folder, create, more);
  const said = COMMANDS.exec(lines.join("\n"));
  if (!said) throw new Failure(`create-reelay does not say the next three commands:\n${lines.join("\n")}`);
  return said;
}

/** Moves everything to free ports, because the standard ones may be taken here. */
function setAddresses(project, ports, origins) {
  const edit = (name, from, to) => {
    const path = join(project, name);
    const text = readFileSync(path, "utf8");
    if (!text.includes(from)) throw new Failure(`${name} has no ${from}.`);
    writeFileSync(path, text.replace(from, to));
  };
  edit("wrangler.jsonc", '"port": 8787', `"port": ${ports.worker}`);
  edit(".dev.vars", "NEXTJS_URL=http://127.0.0.1:3000", `NEXTJS_URL=${origins.app}`);
  edit("nextjs.env", "REELAY_URL=http://127.0.0.1:8787", `REELAY_URL=${origins.worker}`);
}

/** Starts a server by a shell command, and waits until its address answers. */
async function serve(name, command, cwd, env, address) {
  const child = start("/bin/sh", ["-c", command], { cwd, env });
  const lines = [];
  for (const stream of [child.stdout, child.stderr]) eachLine(stream, (line) => lines.push(line));
  const text = () => lines.join("\n");
  let ended = false;
  child.ended.then(() => {
    ended = true;
  });
  await until(`the ${name} answers`, async () => {
    if (ended) throw new Failure(`The ${name} ended:\n${text()}`);
    return fetch(address, { signal: AbortSignal.timeout(5_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
  }).catch((error) => {
    process.stderr.write(`${text()}\n`);
    throw error;
  });
  return { name, child, text };
}

async function until(what, probe) {
  const deadline = performance.now() + READY_MS;
  while (!(await probe())) {
    if (performance.now() > deadline) throw new Failure(`Not within ${READY_MS / 1000} s: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function report(took) {
  const seconds = (took / 1000).toFixed(1);
  say(`  without Rust: ${seconds} s from the downloaded packages to a demo video and its webhook, at most 60 s`);
  if (took > LIMIT_MS) throw new Failure(`The first video took ${seconds} s, at most ${LIMIT_MS / 1000} s.`);
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen({ port: 0, host: "127.0.0.1" }, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
