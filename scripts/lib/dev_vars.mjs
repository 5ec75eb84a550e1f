// .dev.vars: the development values that wrangler and the local upstream share.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./paths.mjs";
import { Failure } from "./report.mjs";

/** Parses the dotenv form: `NAME=value`, comments, optional quotes. */
export function parseVars(text) {
  const vars = {};
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line);
    if (match) vars[match[1]] = match[2].replace(/^(["'])(.*)\1$/, "$2");
  }
  return vars;
}

/** The values of .dev.vars. */
export function devVars() {
  try {
    return parseVars(readFileSync(join(ROOT, ".dev.vars"), "utf8"));
  } catch {
    throw new Failure(".dev.vars is missing: restore it with `git checkout .dev.vars` and run again.");
  }
}

/**
 * The variables whose local address has a moved port, with the new port; `moved` maps old ports to
 * new ones.
 */
export function movedVars(vars, moved) {
  const entries = Object.entries(vars).map(([name, value]) => [
    name,
    value.replace(/(\/\/(?:127\.0\.0\.1|localhost)):(\d+)/g, (whole, host, port) =>
      moved[port] ? `${host}:${moved[port]}` : whole,
    ),
  ]);
  return Object.fromEntries(entries.filter(([name, value]) => value !== vars[name]));
}
