// A machine that has Node and npm and nothing else, as far as a program can find out: a PATH with these alone, and a
// new HOME. Only where npm gets its packages from is the real machine's.

import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CACHE, NODE_BIN, ROOT } from "./paths.mjs";
import { Failure } from "./report.mjs";
import { output, run } from "./run.mjs";

/** Programs that building the worker needs, and running the built one does not. */
const ABSENT = ["cargo", "rustc", "rustup", "cc", "gcc", "g++", "clang", "make", "python", "python3"];
/** Where npm finds its registry and the way to it. */
const NETWORK =
  /^((https?|no|all)_proxy|node_extra_ca_certs|ssl_cert_(file|dir)|npm_config_(registry|proxy|https_proxy|noproxy|ca|cafile|strict_ssl))$/i;

/**
 * Runs `work` with such a machine: its `folder`, the environment `env` of its programs, and
 * `shell(command, { in, env })`, which runs a command and returns its output.
 */
export async function onBareMachine(work) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "reelay-bare-")));
  try {
    const env = { ...network(), ...furnish(folder) };
    checkAbsent(env);
    const shell = (command, { in: place = ".", env: more, ...options } = {}) =>
      run("/bin/sh", ["-c", command], {
        cwd: join(folder, place),
        env: { ...env, ...more },
        keep: Number.POSITIVE_INFINITY,
        explain: () => `\`${command}\` failed without Rust: see the lines above.`,
        ...options,
      });
    return await work({ folder, env, shell });
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Makes bin/ and home/; returns the variables that name them. */
function furnish(folder) {
  const bin = join(folder, "bin");
  const home = join(folder, "home");
  for (const path of [bin, home]) mkdirSync(path);
  symlinkSync(realpathSync(join(NODE_BIN, "node")), join(bin, "node"));
  symlinkSync("/bin/sh", join(bin, "sh"));
  for (const name of ["npm", "npx"]) {
    const program = join(npmFolder(), `${name}-cli.js`);
    writeFileSync(join(bin, name), `#!/bin/sh\nexec node "${program}" "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return { PATH: bin, HOME: home, TMPDIR: folder, LANG: "C.UTF-8", NO_COLOR: "1", WRANGLER_SEND_METRICS: "false" };
}

const npmConfig = (name) => output("npm", ["config", "get", name, "--workspaces=false"], { cwd: ROOT });

/** The folder of npm's own programs. */
function npmFolder() {
  const running = process.env.npm_execpath;
  const path = running?.endsWith("npm-cli.js") ? running : output("/bin/sh", ["-c", "command -v npm"]);
  if (!path) throw new Failure("npm is missing: install it and run again.");
  return dirname(realpathSync(path));
}

function network() {
  const own = Object.entries(process.env).filter(([name]) => NETWORK.test(name));
  return {
    ...Object.fromEntries(own),
    npm_config_userconfig: npmConfig("userconfig"),
    npm_config_globalconfig: npmConfig("globalconfig"),
    npm_config_cache: join(CACHE, "npm"),
  };
}

function checkAbsent(env) {
  const found = ABSENT.filter((name) => output("/bin/sh", ["-c", `command -v ${name}`], { env }) !== undefined);
  if (found.length > 0) throw new Failure(`The bare machine has ${found.join(", ")}.`);
  for (const name of ["node", "npm", "npx"])
    if (!output(join(env.PATH, name), ["--version"], { env })) throw new Failure(`The bare machine has no ${name}.`);
}
