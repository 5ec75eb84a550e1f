// Sets the secrets that can be made and that the deployed worker does not have yet. Their values are written to a
// file first, because Cloudflare never shows them again, and the app needs two of them.

import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { makeSecrets, NAMES, toLines } from "./secrets.mjs";

const CONFIGS = ["wrangler.jsonc", "wrangler.json", "wrangler.toml"];
const FILE = "secrets.env";
const HEAD = `# The secrets of the deployed worker, which Cloudflare does not show again. Keep this file, and never commit it.
# Your app needs API_KEY, as REELAY_API_KEY, and WEBHOOK_SECRET. ADMIN_KEY signs you in at /dashboard.
`;

/** What the caller can fix; `message` says how. */
export class Refusal extends Error {}

/** Does so for the project in `folder`. It never replaces a secret. */
export async function putSecrets(folder, say) {
  if (!CONFIGS.some((name) => existsSync(join(folder, name))))
    throw new Refusal("There is no wrangler configuration here: run this in the folder that has wrangler.jsonc.");
  const wrangler = (args, input) => run(folder, wranglerOf(folder), args, input);
  const deployed = await deployedNames(wrangler);
  const missing = NAMES.filter((name) => !deployed.includes(name));
  if (missing.length === 0) {
    say(`The worker has ${NAMES.join(", ")} already. To replace one: npx wrangler secret put NAME`);
    return;
  }
  const path = join(folder, FILE);
  checkIgnored(folder);
  const kept = existsSync(path) ? readSecrets(path) : {};
  const secrets = { ...makeSecrets(missing), ...kept };
  writeFileSync(path, HEAD + toLines(secrets), { mode: 0o600 });
  chmodSync(path, 0o600);
  const wanted = Object.fromEntries(missing.map((name) => [name, secrets[name]]));
  const args = ["secret", "bulk"];
  const { status, all } = await wrangler(args, JSON.stringify(wanted));
  if (status !== 0) throw new Refusal(explained(args, all));
  say(`Set: ${missing.join(", ")}. Their values are in ${FILE}, which says what your app needs.`);
  say("Next: the secret of a video service, such as `npx wrangler secret put GEMINI_API_KEY`, then `npm run deploy`.");
}

/** The project's own wrangler, as Node runs it. */
function wranglerOf(folder) {
  try {
    const manifest = createRequire(join(folder, "package.json")).resolve("wrangler/package.json");
    return join(dirname(manifest), JSON.parse(readFileSync(manifest, "utf8")).bin.wrangler);
  } catch {
    throw new Refusal("wrangler is not installed here: run `npm install` first.");
  }
}

/** The names of the secrets that the worker has; none while there is no worker. */
async function deployedNames(wrangler) {
  const args = ["secret", "list", "--format", "json"];
  const { status, output, all } = await wrangler(args);
  if (status === 0) return JSON.parse(output.slice(output.indexOf("["))).map(({ name }) => name);
  if (/Worker ".*" not found/.test(all)) return [];
  throw new Refusal(explained(args, all));
}

/** Runs wrangler with `input`; returns its status, its output, and that with what it complained. */
async function run(folder, wrangler, args, input = "") {
  const child = spawn(process.execPath, [wrangler, ...args], { cwd: folder, env: { ...process.env, NO_COLOR: "1" } });
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
function checkIgnored(folder) {
  const { status } = spawnSync("git", ["check-ignore", "--quiet", FILE], { cwd: folder, stdio: "ignore" });
  if (status === 1) throw new Refusal(`Git does not ignore ${FILE}: add it to .gitignore and run this again.`);
}

function readSecrets(path) {
  const lines = readFileSync(path, "utf8").split(/\r?\n/);
  const pairs = lines.map((line) => /^([A-Z0-9_]+)=(.+)$/.exec(line)).filter(Boolean);
  return Object.fromEntries(pairs.map(([, name, value]) => [name, value]));
}
