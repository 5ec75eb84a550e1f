// The apps of docs/quickstart.md and of deploy/nextjs.md in apps of create-next-app, built for
// tests/workerd/next_apps.rs and for scripts/without_rust.mjs.
//
// The cache has a folder for each version of Next.js with its packages and an unmodified app, and
// in it a copy of that app for each state of the code.

import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { locked } from "./lock.mjs";
import { CACHE, environment, ROOT } from "./paths.mjs";
import { filesOf, quickstartFiles } from "./quickstart.mjs";
import { step } from "./report.mjs";
import { run } from "./run.mjs";

const FOLDER = join(CACHE, "next");
const KEPT_MS = 7 * 86_400_000;
const CLIENT = join(ROOT, "packages/client");
const MADE = "made";
const MAKE =
  "--ts --app --empty --no-eslint --no-tailwind --no-src-dir --skip-install --use-npm --yes --disable-git --import-alias";

/** The variable with the folder of the app of twenty lines. */
export const TWENTY_LINES_APP = "TWENTY_LINES_APP";

const quickstart = (more) => ({ ...quickstartFiles(), ...testPages(), ...more });
/** At build time the app reads what it has at run time; these values are replaced then. */
const LOCAL = "REELAY_URL=http://127.0.0.1:8787\nREELAY_API_KEY=only-for-the-build\nWEBHOOK_SECRET=\n";

/** The tested apps: the variable with the app's folder, the version of Next.js, and the app's files. */
const SETUPS = [
  { variable: "NEXT_14_APP", version: "14", files: quickstart },
  { variable: "NEXT_15_APP", version: "15", files: quickstart },
  { variable: "NEXT_16_APP", version: "16", files: quickstart },
  {
    variable: "NEXT_16_WITHOUT_CACHE_COMPONENTS_APP",
    version: "16",
    files: () => quickstart({ "next.config.ts": "export default {};\n" }),
  },
  {
    variable: TWENTY_LINES_APP,
    version: "16",
    files: () => ({ ...filesOf("deploy/nextjs.md"), ".env.local": LOCAL }),
  },
];

/** Builds the apps whose sources have changed; returns the variables with the apps' folders. */
export function buildNextApps() {
  return locked(FOLDER, "build", ROOT, async () => {
    const apps = {};
    for (const { variable, version, files } of SETUPS) apps[variable] = await buildApp(version, files());
    return apps;
  });
}

/** Builds an app from these files by name, unless it exists; returns its folder. */
async function buildApp(version, files) {
  const home = await installed(version);
  const client = ["package.json", ...filesIn(join(CLIENT, "dist")).map((name) => join("dist", name))];
  const sources = [...Object.entries(files), ...client.map((name) => [name, read(join(CLIENT, name))])];
  const app = join(home, digest(JSON.stringify(sources)));
  const record = join(app, "built");
  if (!fs.existsSync(record)) {
    removeOld(home);
    fs.rmSync(app, { recursive: true, force: true });
    fs.cpSync(join(home, MADE), app, { recursive: true });
    for (const [name, text] of Object.entries(files)) write(join(app, name), text);
    for (const name of client) write(join(app, "node_modules/@reelay/client", name), read(join(CLIENT, name)));
    const explain = () => `The documented code does not build in Next.js ${version}: see the lines above.`;
    await step(`the documented code in Next.js ${version}`, () => tool(app, "npm", ["run", "build"], explain));
  }
  write(record, "");
  return app;
}

/** The folder of a version's packages and its unmodified app; creates both if they do not exist. */
async function installed(version) {
  const pins = join(ROOT, "tools/next", version);
  const names = ["package.json", "package-lock.json"];
  const home = join(FOLDER, `${version}-${digest(...names.map((name) => read(join(pins, name))))}`);
  const record = join(home, "complete");
  if (fs.existsSync(record)) return home;
  for (const name of names) write(join(home, name), read(join(pins, name)));
  await step(`Next.js ${version}, for tests`, async () => {
    await tool(home, "npm", ["ci", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error"]);
    fs.rmSync(join(home, MADE), { recursive: true, force: true });
    await tool(home, "node_modules/.bin/create-next-app", [MADE, ...MAKE.split(" "), "@/*"]);
    // create-next-app 14 installs packages in any case, and not those of the lock file.
    for (const name of ["node_modules", "package-lock.json", ".git"])
      fs.rmSync(join(home, MADE, name), { recursive: true, force: true });
  });
  write(record, "");
  return home;
}

/** The tests' own pages, which are built with the quickstart's. */
function testPages() {
  const folder = join(ROOT, "tests/next");
  return Object.fromEntries(filesIn(folder).map((name) => [name, read(join(folder, name))]));
}

/** Removes the apps that no test has used for a week. */
function removeOld(home) {
  for (const name of fs.readdirSync(home)) {
    const record = join(home, name, "built");
    if (fs.existsSync(record) && Date.now() - fs.statSync(record).mtimeMs > KEPT_MS)
      fs.rmSync(join(home, name), { recursive: true, force: true });
  }
}

const tool = (cwd, name, args, explain) =>
  run(name, args, { cwd, env: environment({ NEXT_TELEMETRY_DISABLED: "1", CI: "1" }), explain });
const read = (path) => fs.readFileSync(path, "utf8");
const digest = (...texts) => createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, 16);
const filesIn = (folder) =>
  fs.readdirSync(folder, { recursive: true }).filter((name) => fs.statSync(join(folder, name)).isFile());

function write(path, text) {
  fs.mkdirSync(dirname(path), { recursive: true });
  fs.writeFileSync(path, text);
}
