// Which worker is meant: what wrangler makes of its configuration and of the arguments.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { Refusal } from "./refusal.mjs";

/** In the order in which wrangler looks for them. */
const CONFIGS = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/**
 * The worker's name, the program of the project's own wrangler and the arguments that name the worker to it, the same
 * arguments as they were given, the file that keeps the secrets, and the file of a run under way.
 */
export function findTarget(folder, { config, env }) {
  const path = configPath(folder, config);
  const { wrangler, readConfig } = wranglerOf(folder);
  const { name, targetEnvironment, definedEnvironments } = parsed(readConfig, path, env);
  if (!name) throw new Refusal(`${basename(path)} does not name the worker: add a name.`);
  if (targetEnvironment && !definedEnvironments.includes(targetEnvironment))
    throw new Refusal(`${basename(path)} has no environment ${JSON.stringify(targetEnvironment)}.`);
  const variant = basename(path)
    .replace(/\.\w+$/, "")
    .replace(/^wrangler\.?/, "");
  const file = join(dirname(path), ["secrets", variant, targetEnvironment, "env"].filter(Boolean).join("."));
  const environment = env === undefined ? "" : ` --env ${quoted(env)}`;
  return {
    worker: name,
    wrangler,
    args: ["--config", path, ...(env === undefined ? [] : ["--env", env])],
    given: `${config === undefined ? "" : ` --config ${quoted(config)}`}${environment}`,
    file,
    pending: `${file}.pending`,
  };
}

function configPath(folder, config) {
  if (config !== undefined) {
    const path = resolve(folder, config);
    if (!config || !existsSync(path))
      throw new Refusal(`There is no wrangler configuration ${JSON.stringify(config)}.`);
    return path;
  }
  const name = CONFIGS.find((name) => existsSync(join(folder, name)));
  if (!name)
    throw new Refusal("There is no wrangler configuration here: run this in the folder that has wrangler.jsonc.");
  return join(folder, name);
}

/** The project's own wrangler: its program, as Node runs it, and its reader of configurations. */
function wranglerOf(folder) {
  const require = createRequire(join(folder, "package.json"));
  try {
    const manifest = require.resolve("wrangler/package.json");
    const wrangler = join(dirname(manifest), JSON.parse(readFileSync(manifest, "utf8")).bin.wrangler);
    return { wrangler, readConfig: require("wrangler").unstable_readConfig };
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    throw new Refusal("wrangler is not installed here: run `npm install` first.");
  }
}

function parsed(readConfig, path, env) {
  try {
    return readConfig({ config: path, env }, { hideWarnings: true });
  } catch (error) {
    throw new Refusal(`wrangler cannot read ${basename(path)}: ${error.message}`);
  }
}

/** An argument as a shell takes it. */
const quoted = (text) => (/^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
