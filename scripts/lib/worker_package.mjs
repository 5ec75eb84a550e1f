// The files of @reelay/worker and create-reelay that are made: the built worker with its assets, its licences, the
// checksums of its sources, and the template.

import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { licenses } from "./licenses.mjs";
import { BUILD, ROOT } from "./paths.mjs";

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
  cpSync(join(ROOT, "assets"), join(dist, "assets"), { recursive: true });
  writeFileSync(join(WORKER, "LICENSES.txt"), licenses());
  writeFileSync(join(WORKER, "SOURCES.sha256"), checksums(SOURCES.flatMap(filesBelow)));

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

/** The files of the checkout at or below `path`, without those that other packages bring. */
function filesBelow(path) {
  if (path === "assets/vendor") return [];
  if (statSync(join(ROOT, path)).isFile()) return [path];
  return readdirSync(join(ROOT, path))
    .sort()
    .flatMap((name) => filesBelow(`${path}/${name}`));
}

/** Lines as `sha256sum --check` reads them; paths are relative to `root`. */
export function checksums(paths, root = ROOT) {
  const digest = (path) =>
    createHash("sha256")
      .update(readFileSync(join(root, path)))
      .digest("hex");
  return paths.map((path) => `${digest(path)}  ${path}\n`).join("");
}
