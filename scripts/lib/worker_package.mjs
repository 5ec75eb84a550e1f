// The files of @reelay/worker and create-reelay that are made: the built worker with its assets, its licences, the
// checksums of its sources, and the template.

import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { licenses } from "./licenses.mjs";
import { BUILD, ROOT } from "./paths.mjs";
import { Failure } from "./report.mjs";
import { output } from "./run.mjs";
import { VENDORED } from "./vendor.mjs";

const WORKER = join(ROOT, "packages/worker");
const CREATE = join(ROOT, "packages/create-reelay");
/** The template's files; whatever else lies in deploy/ was made there by its user. */
const TEMPLATE = [".dev.vars.example", ".gitignore", "README.md", "nextjs.md", "package.json", "wrangler.jsonc"];
/** What decides the content of the package. */
const SOURCES = ["Cargo.lock", "Cargo.toml", "assets", "package-lock.json", "scripts", "src"];

/** Writes the made files of both packages; build/ and assets/vendor must be up to date. */
export function makeWorkerPackages() {
  const dist = fresh(WORKER);
  for (const name of ["index.js", "index_bg.wasm"]) cpSync(join(BUILD, name), join(dist, name));
  for (const name of assets()) cpSync(join(ROOT, "assets", name), join(dist, "assets", name));
  cpSync(join(ROOT, "deploy/wrangler.jsonc"), join(dist, "wrangler.jsonc"));
  writeFileSync(join(WORKER, "LICENSES.txt"), licenses());
  writeFileSync(join(WORKER, "SOURCES.sha256"), checksums(committed(SOURCES)));

  const template = join(fresh(CREATE), "template");
  for (const name of TEMPLATE) cpSync(join(ROOT, "deploy", name), join(template, name));
  // npm leaves files of this name out of packages.
  renameSync(join(template, ".gitignore"), join(template, "gitignore"));
  cpSync(join(WORKER, "lib/secrets.mjs"), join(CREATE, "dist/secrets.mjs"));
}

/** The package's dist/ folder, empty. */
function fresh(folder) {
  const dist = join(folder, "dist");
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  return dist;
}

/** The files of the package's assets: the repository's own, and those that other packages bring. */
export function assets() {
  const own = committed(["assets"]).map((path) => path.replace("assets/", ""));
  const others = VENDORED.flatMap(({ folder, files }) => files.map((file) => `vendor/${folder}/${basename(file)}`));
  return [...own, ...others];
}

/** The files that git knows at or below these paths; others are only on this machine. */
export function committed(paths, root = ROOT) {
  const names = output("git", ["ls-files", "-z", "--", ...paths], { cwd: root });
  if (!names) throw new Failure("This is no clone of the repository: the packages are made from one.");
  return names.split("\0").filter(Boolean);
}

/** Lines as `sha256sum --check` reads them; paths are relative to `root`. */
export function checksums(paths, root = ROOT) {
  const digest = (path) =>
    createHash("sha256")
      .update(readFileSync(join(root, path)))
      .digest("hex");
  return paths.map((path) => `${digest(path)}  ${path}\n`).join("");
}
