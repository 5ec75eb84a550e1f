// Runs the client's specs in Chromium (`CHROMIUM_BIN`) and prints how many passed. Any error of the
// page fails the run.

import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
const PATIENCE_MS = 60_000;
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];
const KINDS = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
};

const module = (name) => fileURLToPath(import.meta.resolve(name));

/** The reference implementation, bundled because its modules do not run in a browser. */
async function reference() {
  const stdin = { contents: 'export { Webhook } from "standardwebhooks";', resolveDir: PACKAGE };
  const { outputFiles } = await build({ stdin, bundle: true, format: "esm", write: false, logLevel: "error" });
  return outputFiles[0].text;
}

const FIXED = {
  "/": () => readFileSync(join(PACKAGE, "test/runtimes/page.html")),
  "/chai.js": () => readFileSync(module("chai")),
  "/mocha.js": () => readFileSync(module("mocha/mocha.js")),
  "/standardwebhooks.js": reference,
  "/specs.json": () => JSON.stringify(readdirSync(join(PACKAGE, "test/specs"))),
};

/** Serves the page, the built package and the specs, and nothing else. */
function serve() {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://127.0.0.1");
    try {
      const local = /^\/(dist|test)\/[\w./-]+$/.test(pathname) && !pathname.includes("..");
      const body = await (FIXED[pathname]?.() ?? (local ? readFileSync(join(PACKAGE, pathname)) : undefined));
      if (body === undefined) throw new Error(`There is no ${pathname}.`);
      response.setHeader(
        "Content-Type",
        KINDS[extname(pathname)] ?? (pathname === "/" ? KINDS[".html"] : "text/plain"),
      );
      response.end(body);
    } catch (error) {
      response.statusCode = 404;
      response.end(error.message);
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

const server = await serve();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_BIN || "/usr/bin/chromium",
  args: ARGUMENTS,
});
const problems = [];
try {
  const page = await browser.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(`console: ${message.text()}`);
  });
  // A page with a missing module runs nothing and would never end, so any page error ends the run.
  const broken = new Promise((resolve) => {
    page.on("pageerror", (error) => {
      problems.push(`page: ${error.stack || error}`);
      resolve(undefined);
    });
  });
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const ended = page.waitForFunction(() => globalThis.outcome, undefined, { timeout: PATIENCE_MS });
  ended.catch(() => {});
  await Promise.race([ended, broken]);
  const { passed, failures } = await page.evaluate(() => globalThis.outcome ?? { passed: 0, failures: [] });
  problems.push(...failures);
  console.log(`${browser.version()}: ${passed} passed`);
} catch (error) {
  problems.push(error.message);
} finally {
  await browser.close();
  server.close();
}
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
