// Writes the folder: the wrangler project of the template, with a name and fresh secrets.

import { randomInt } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeSecrets, toLines } from "../dist/secrets.mjs";
import { Refusal } from "./refusal.mjs";

const TEMPLATE = fileURLToPath(new URL("../dist/template", import.meta.url));
const PACKAGE = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
/** What a worker may be called, and with BUCKET after it a bucket, whose name has at most 63 characters. */
const NAME = /^[a-z][a-z0-9-]{1,54}[a-z0-9]$/;
const BUCKET = "-videos";
/** The rate limiters of an account share a number if it is the same. */
const LIMITERS = [1_000_000, 2_000_000_000];
const USAGE = "npm create reelay@latest my-videos";
const HELP = `Writes a folder with a Reelay worker, ready for wrangler.

  ${USAGE}

  --packed FOLDER   takes the packages from the files that \`npm run packages\` wrote
`;
const WORKER = "http://127.0.0.1:8787";
const APP = "http://127.0.0.1:3000";

/** Writes the folder that the arguments name; returns what to say. Throws a `Refusal` if it cannot. */
export function create(args) {
  if (args.includes("--help")) return HELP;
  const { folder, packed } = read(args);
  const target = resolve(folder);
  const name = basename(target).toLowerCase();
  if (!NAME.test(name))
    throw new Refusal(
      `A worker cannot be called ${JSON.stringify(name)}: name the folder with 3 to 56 letters, digits and hyphens, a letter first.`,
    );
  const sources = packed === undefined ? published() : packedFiles(resolve(packed));
  try {
    checkEmpty(folder, target);
    writeOrNothing(target, name, sources.worker(target));
  } catch (error) {
    throw explained(error, folder);
  }
  return farewell(folder, target, sources.client(join(target, "../my-app")));
}

function read(args) {
  let parsed;
  try {
    parsed = parseArgs({ args, allowPositionals: true, options: { packed: { type: "string" } } });
  } catch {
    throw new Refusal(`Only the folder and --packed can be given, such as: ${USAGE}`);
  }
  const { positionals, values } = parsed;
  if (positionals.length !== 1) throw new Refusal(`Name one folder, such as: ${USAGE}`);
  return { folder: positionals[0], packed: values.packed };
}

/** Where npm gets the packages from: its registry. */
function published() {
  return { worker: () => `^${PACKAGE.version}`, client: () => "@reelay/client" };
}

/** Where npm gets the packages from: the files that `npm run packages` writes. */
function packedFiles(folder) {
  const file = (name) => {
    const path = join(folder, `reelay-${name}-${PACKAGE.version}.tgz`);
    if (existsSync(path)) return path;
    throw new Refusal(`There is no ${path}: run \`npm run packages\` in a clone of Reelay, which writes it.`);
  };
  const [worker, client] = [file("worker"), file("client")];
  const from = (place, path) => relative(place, path).replaceAll("\\", "/");
  return { worker: (target) => `file:${from(target, worker)}`, client: (app) => from(app, client) };
}

function checkEmpty(folder, target) {
  if (existsSync(target) && readdirSync(target).length > 0)
    throw new Refusal(`${folder} is not empty: choose a folder that is empty or does not exist yet.`);
}

/** Writes the folder, which is empty or does not exist yet. If that fails, it is so again. */
function writeOrNothing(target, name, worker) {
  const made = makeFolder(target);
  try {
    write(target, name, worker);
  } catch (error) {
    const written = made ? [made] : readdirSync(target).map((entry) => join(target, entry));
    for (const path of written) rmSync(path, { recursive: true, force: true });
    throw error;
  }
}

/** Makes a folder with those above it; returns the topmost that it made. Node's own way never ends below /proc. */
function makeFolder(target) {
  const missing = [];
  for (let folder = target; !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) mkdirSync(folder);
  return missing[0];
}

function write(target, name, worker) {
  cpSync(TEMPLATE, target, { recursive: true });
  // npm leaves files of this name out of packages.
  renameSync(join(target, "gitignore"), join(target, ".gitignore"));
  const edit = (file, change) => {
    const path = join(target, file);
    writeFileSync(path, change(readFileSync(path, "utf8")));
  };
  edit("package.json", (text) => {
    const content = JSON.parse(text);
    content.name = name;
    content.dependencies["@reelay/worker"] = worker;
    return `${JSON.stringify(content, null, 2)}\n`;
  });
  edit("wrangler.jsonc", (text) =>
    text
      .replace('"name": "reelay"', `"name": "${name}"`)
      .replace('"bucket_name": "reelay-videos"', `"bucket_name": "${name}${BUCKET}"`)
      .replace('"namespace_id": "1001"', `"namespace_id": "${randomInt(...LIMITERS)}"`),
  );
  const secrets = makeSecrets();
  const own = { mode: 0o600 };
  const local = { ENVIRONMENT: "development", NEXTJS_URL: APP };
  writeFileSync(
    join(target, ".dev.vars"),
    `# For \`npm run dev\` only. A deployed worker has secrets of its own: npx reelay-secrets.\n${toLines({ ...secrets, ...local })}`,
    own,
  );
  const { API_KEY, WEBHOOK_SECRET } = secrets;
  writeFileSync(
    join(target, "nextjs.env"),
    `# For your Next.js app: the .env.local that fits .dev.vars.\n${toLines({ REELAY_URL: WORKER, REELAY_API_KEY: API_KEY, WEBHOOK_SECRET })}`,
    own,
  );
}

/** The refusal that an error of the file system means, or the error itself. */
function explained(error, folder) {
  if (["EACCES", "EPERM", "EROFS", "ENOENT"].includes(error.code))
    return new Refusal(`${folder} cannot be written: choose a place where you may write, or change its permissions.`);
  if (["ENOTDIR", "EEXIST"].includes(error.code))
    return new Refusal(`${folder} is a file, or below one: choose a folder that is empty or does not exist yet.`);
  if (error.code === "ENOSPC") return new Refusal(`The disk is full: make room for ${folder} and run this again.`);
  return error;
}

function farewell(folder, target, client) {
  const [, code] = readFileSync(join(TEMPLATE, "nextjs.md"), "utf8").split(/^(?=`app\/page\.tsx`)/m);
  return `${folder} is a Reelay worker with fresh secrets in .dev.vars. Start it:

  cd ${quoted(folder)}
  npm install
  npm run dev

Then open ${WORKER}/dashboard and sign in with the ADMIN_KEY of .dev.vars.
README.md says how to deploy it.

In a Next.js app beside it, such as npx create-next-app@latest my-app makes:

  npm install ${quoted(client)}

Copy ../${basename(target)}/nextjs.env to .env.local there, and make two files, which are also in ${folder}/nextjs.md:

${code}`;
}

/** An argument as the shell takes it: cmd.exe knows double quotes alone, and others expand what is between those. */
function quoted(text) {
  if (/^[\w./:@^-]+$/.test(text)) return text;
  return process.platform === "win32" ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`;
}
