// `npm run packages`: builds the npm packages, and tests them as their users get them.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { ensureBrowser } from "./lib/browser.mjs";
import { main } from "./lib/main.mjs";
import { ensureNodeModules } from "./lib/node_modules.mjs";
import { environment, NODE_BIN, ROOT } from "./lib/paths.mjs";
import { Failure, say, step, table } from "./lib/report.mjs";
import { output, run } from "./lib/run.mjs";
import { buildPackages, DESCRIPTION, PACKAGES, writeDescription } from "./lib/typescript.mjs";
import { MIN_NODE } from "./lib/versions.mjs";

const MOCHA = join(ROOT, "node_modules/mocha/bin/mocha.js");
const SPECS = "packages/client/test/specs/*.spec.mjs";
const RUNTIMES = "packages/client/test/runtimes";
const PROVIDER = "packages/ai-sdk-provider/test";
const NODE = join(NODE_BIN, "node");

/** Builds the packages and tests them; `browser` is a Chromium's path. */
export async function testPackages(browser) {
  await buildPackages();
  await step("the client's types match the description", checkDescription);
  await step("the client's tests", () => testClient(browser));
  await step("the AI SDK provider's tests", testProvider);
  await step("the code of the packages' pages compiles", checkReadmes);
  await step("the packages as they would be published", checkTarballs);
}

const quietly = (more) => ({ cwd: ROOT, env: environment(more) });
const tool = (name, args) => run(join(NODE_BIN, name), args, quietly({ NO_COLOR: "1" }));

/** Runs `work` with a temporary folder, which is deleted afterwards. */
async function withFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), "reelay-packages-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function checkDescription() {
  return withFolder(async (folder) => {
    const fresh = join(folder, "description.ts");
    await writeDescription(fresh);
    if (readFileSync(fresh, "utf8") !== readFileSync(join(ROOT, DESCRIPTION), "utf8"))
      throw new Failure(`${DESCRIPTION} does not match assets/openapi.json: run npm run openapi.`);
  });
}

async function testClient(browser) {
  await tool("tsc", ["--project", "packages/client/test"]);
  for (const [version, node] of nodes()) {
    const args = [MOCHA, "--forbid-only", "--forbid-pending", "--reporter", "dot", SPECS];
    await counted(`client tests on Node ${version}`, /(\d+) passing/, node, args);
  }
  const chromium = [join(RUNTIMES, "chromium.mjs")];
  await counted("client tests on Chromium", /(\d+) passed/, NODE, chromium, { CHROMIUM_BIN: browser });
  await counted("client tests on workerd", /(\d+) passed/, NODE, [join(RUNTIMES, "workerd.mjs")]);
}

async function testProvider() {
  await tool("tsc", ["--project", PROVIDER]);
  const args = [MOCHA, "--forbid-only", "--forbid-pending", "--reporter", "dot", `${PROVIDER}/specs/*.spec.mjs`];
  await counted("AI SDK provider tests", /(\d+) passing/, NODE, args);
}

/** Runs tests, and prints how many have passed. */
async function counted(name, figure, command, args, more) {
  const explain = () => `The ${name} fail: see the lines above.`;
  const lines = await run(command, args, { ...quietly({ NO_COLOR: "1", ...more }), explain });
  const passed = Number(lines.map((line) => figure.exec(line)?.[1]).find(Boolean) ?? 0);
  if (passed === 0) throw new Failure(`None of the ${name} ran.`);
  say(`  ${name}: ${passed} passed`);
}

/** Every usable Node with its version and path: the one of node_modules, and the machine's own. */
function nodes() {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  const own = folders.map((folder) => join(folder, "node")).filter((path) => existsSync(path));
  const found = new Map();
  for (const path of [NODE, ...own]) {
    const version = output(path, ["--version"])?.slice(1);
    if (version && Number.parseInt(version, 10) >= MIN_NODE && !found.has(version)) found.set(version, path);
  }
  return found;
}

/** Compiles each block of TypeScript of the packages' README.md that has no `not run` mark above it. */
async function checkReadmes() {
  const folder = join(ROOT, "target/readmes");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of PACKAGES) {
    const text = readFileSync(join(ROOT, name, "README.md"), "utf8");
    const blocks = [...text.matchAll(/(?<!<!-- not run: .* -->\n)^```ts\n([\s\S]*?)^```$/gm)];
    if (blocks.length === 0) throw new Failure(`${name}/README.md has no code to compile.`);
    for (const [index, [, code]] of blocks.entries())
      writeFileSync(join(folder, `${name.replaceAll("/", "-")}-${index}.ts`), code);
  }
  const options = { noEmit: true, types: ["node"], declaration: false, declarationMap: false, sourceMap: false };
  const config = { extends: "../../tsconfig.base.json", compilerOptions: options, include: ["*.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  await tool("tsc", ["--project", folder]);
}

function checkTarballs() {
  return withFolder(async (folder) => {
    const tarballs = PACKAGES.map((name) => pack(name, folder));
    for (const tarball of tarballs) {
      await tool("publint", ["run", tarball, "--strict"]);
      await tool("attw", [tarball, "--profile", "esm-only"]);
    }
    checkPeers(folder, tarballs);
  });
}

/**
 * npm must install the packages with the `ai` version that they need, and report that version with
 * another one.
 */
function checkPeers(folder, tarballs) {
  const write = (name, content) => writeFileSync(join(folder, name, "package.json"), JSON.stringify(content));
  const needed = JSON.parse(readFileSync(join(ROOT, "packages/ai-sdk-provider/package.json"))).peerDependencies.ai;
  const args = ["install", "--package-lock-only", "--prefer-offline", "--no-audit", "--no-fund", ...tarballs];
  mkdirSync(join(folder, "ai"));
  for (const version of ["4.3.19", "5.0.0", "6.0.1", needed.slice(1)]) {
    write("ai", { name: "ai", version });
    write(".", { name: "app", private: true, dependencies: { ai: "file:./ai" } });
    const { status, stderr } = spawnSync("npm", args, { ...quietly(), cwd: folder, encoding: "utf8" });
    const isNeeded = `^${version}` === needed;
    if (isNeeded ? status !== 0 : !stderr.includes(`peer ai@"${needed}" from @reelay/ai-sdk-provider`))
      throw new Failure(`npm install beside ai ${version}: status ${status}\n${stderr}`);
  }
}

/** Packs a package to `folder`; returns the tarball's path. */
function pack(name, folder) {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder, "--workspace", name];
  const told = output("npm", args, quietly());
  if (told === undefined) throw new Failure(`npm could not pack ${name}: run npm ${args.join(" ")} to see why.`);
  // npm 11 returns a list of what it packed; later versions an object by name.
  const [{ filename, files, size }] = Object.values(JSON.parse(told));
  // The compiler does not delete its output for a source that no longer exists.
  for (const { path } of files) {
    const source = /^dist\/(.*)\.js$/.exec(path)?.[1];
    if (source && !existsSync(join(ROOT, name, "src", `${source}.ts`)))
      throw new Failure(`${name}/${path} has no source: delete ${name}/dist and run again.`);
  }
  say(`  ${filename}: ${files.length} files, ${Math.ceil(size / 1024)} KiB`);
  return join(folder, filename);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    await ensureNodeModules();
    await testPackages(await ensureBrowser());
    table("All packages can be published:");
  });
}
