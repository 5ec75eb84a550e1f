// Sets the secrets that can be made and that the deployed worker does not have yet. Their values are in a file before
// they are set, because Cloudflare never shows them again, and the app needs two of them.

import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { Refusal } from "./refusal.mjs";
import { makeSecrets, NAMES, toLines } from "./secrets.mjs";
import { findTarget } from "./target.mjs";

export { Refusal };

const HEAD = `# The secrets of the deployed worker, which Cloudflare does not show again. Keep this file, and never commit it.
# Your app needs API_KEY, as REELAY_API_KEY, and WEBHOOK_SECRET. ADMIN_KEY signs you in at /dashboard.
`;
/** Begins the lines of one run. */
const WORKER = "# Of the worker ";
const NOTE = "Of a name that is here twice, the last line counts.";
const UNWRITABLE = ["EACCES", "EISDIR", "EPERM", "EROFS"];

/**
 * Does so for the project in `folder`, or for the target that the arguments of wrangler `config` and `env` name. It
 * never replaces a secret.
 */
export async function putSecrets(folder, given, say) {
  const target = findTarget(folder, given);
  const wrangler = (args, input) => run(folder, [target.wrangler, ...args, ...target.args], input);
  const deployed = await deployedNames(wrangler);
  const missing = NAMES.filter((name) => !deployed.includes(name));
  const pending = guarded(target, () => readPending(target));
  const unfinished = Object.keys(pending);
  // They are set all at once, so a run that set them was cut off before it kept their values.
  if (unfinished.length > 0 && unfinished.every((name) => deployed.includes(name))) {
    guarded(target, () => keep(target));
    say(`A run before was cut off. The values that it set are in ${shown(target.file)}.`);
  }
  if (missing.length === 0) {
    say(`The worker has ${NAMES.join(", ")} already. To replace one: npx wrangler secret put NAME${target.given}`);
    return;
  }
  for (const path of [target.file, target.pending]) checkIgnored(path);
  const again = missing.filter((name) => pending[name]);
  const fresh = missing.filter((name) => !pending[name]);
  const secrets = { ...makeSecrets(fresh), ...Object.fromEntries(again.map((name) => [name, pending[name]])) };
  guarded(target, () => writePending(target, secrets));
  const args = ["secret", "bulk"];
  const { status, all } = await wrangler(args, JSON.stringify(secrets));
  if (status !== 0) throw new Refusal(explained(args, all));
  guarded(target, () => keep(target));
  if (fresh.length > 0) say(`Set in ${target.worker}, with new values: ${fresh.join(", ")}.`);
  if (again.length > 0) say(`Set in ${target.worker}, with the values of the run that failed: ${again.join(", ")}.`);
  say(`The values are in ${shown(target.file)}, which says what your app needs.`);
  const put = `npx wrangler secret put GEMINI_API_KEY${target.given}`;
  say(`Next: the secret of a video service, such as \`${put}\`, then \`${deploy(folder, target)}\`.`);
}

/** The command that deploys: the project's own, if it has one. */
function deploy(folder, { given }) {
  const path = join(folder, "package.json");
  const has = existsSync(path) && JSON.parse(readFileSync(path, "utf8")).scripts?.deploy;
  return has ? `npm run deploy${given && ` --${given}`}` : `npx wrangler deploy${given}`;
}

/** The values of a run that was not finished; none if there was no such run. */
function readPending({ pending, worker }) {
  if (!existsSync(pending)) return {};
  const text = readFileSync(pending, "utf8");
  if (!text.includes(`${WORKER}${worker}. `))
    throw new Refusal(`${shown(pending)} is not of the worker ${worker}: move it away, and run this again.`);
  return Object.fromEntries([...text.matchAll(/^([A-Z0-9_]+)=(.+)$/gm)].map(([, name, value]) => [name, value]));
}

function writePending({ pending, worker }, secrets) {
  writeFileSync(pending, `${HEAD}${WORKER}${worker}. ${NOTE}\n${toLines(secrets)}`, { mode: 0o600 });
  chmodSync(pending, 0o600);
}

/** The values are set: now they belong to those that are kept. */
function keep({ file, pending }) {
  if (!existsSync(file)) return renameSync(pending, file);
  appendFileSync(file, `\n${readFileSync(pending, "utf8").replace(HEAD, "")}`);
  chmodSync(file, 0o600);
  rmSync(pending);
}

/** Does `work` with the files of a target; says in a sentence why it cannot. */
function guarded({ pending }, work) {
  try {
    return work();
  } catch (error) {
    const path = shown(error.path ?? pending);
    if (UNWRITABLE.includes(error.code))
      throw new Refusal(`${path} cannot be read or written: change its permissions, and run this again.`);
    if (error.code === "ENOSPC") throw new Refusal(`The disk is full: make room for ${path}, and run this again.`);
    throw error;
  }
}

/** The names of the secrets that the worker has; none while there is no worker. */
async function deployedNames(wrangler) {
  const args = ["secret", "list", "--format", "json"];
  const { status, output, all } = await wrangler(args);
  if (status !== 0 && /Worker ".*" not found/.test(all)) return [];
  if (status !== 0) throw new Refusal(explained(args, all));
  const names = namesIn(output);
  if (!names) throw new Refusal(`\`wrangler secret list\` answered no list of secrets, but:\n${all.trim()}`);
  return names;
}

/** The names in a list of secrets; undefined if it is none. */
function namesIn(output) {
  try {
    const names = JSON.parse(output.slice(output.search(/^\[/m))).map(({ name }) => name);
    return names.every((name) => typeof name === "string") ? names : undefined;
  } catch {
    return undefined;
  }
}

/** Runs wrangler with `input`; returns its status, its output, and that with what it complained. */
async function run(folder, args, input = "") {
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, NO_COLOR: "1" } });
  let [output, all] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
    all += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    all += text;
  });
  child.stdin.on("error", () => {}); // wrangler may end before it has read all
  child.stdin.end(input);
  const status = await new Promise((resolve) => child.on("close", resolve));
  return { status, output, all };
}

function explained(args, output) {
  if (/Not logged in|set a CLOUDFLARE_API_TOKEN/.test(output))
    return "wrangler is not logged in: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN, and run this again.";
  return `\`wrangler ${args.slice(0, 2).join(" ")}\` failed. Fix what it says, then run this again:\n${output.trim()}`;
}

/** Refuses to write secrets to a file that the next `git add` would take. */
function checkIgnored(path) {
  const args = ["check-ignore", "--quiet", basename(path)];
  const { status } = spawnSync("git", args, { cwd: dirname(path), stdio: "ignore" });
  if (status === 1) throw new Refusal(`Git does not ignore ${shown(path)}: add it to .gitignore and run this again.`);
}

/** A path as the user sees it from here. */
const shown = (path) => relative(process.cwd(), path) || path;
