// The tarballs of the npm packages in packed/, each with exactly the files that it should have.

import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { environment, ROOT } from "./paths.mjs";
import { Failure, say } from "./report.mjs";
import { output } from "./run.mjs";
import { PACKAGES } from "./typescript.mjs";
import { assets, checksums } from "./worker_package.mjs";

/** Where the tarballs are, with their checksums. */
export const PACKED = join(ROOT, "packed");

const ALWAYS = ["LICENSE", "README.md", "package.json"];
const BUILT_FROM = (source) => ["js", "js.map", "d.ts", "d.ts.map"].map((end) => source.replace(/\.ts$/, `.${end}`));

/** The files of each package. */
const FILES = {
  ...Object.fromEntries(PACKAGES.map((folder) => [folder, () => compiled(folder)])),
  "packages/worker": () => [
    "LICENSES.txt",
    "SOURCES.sha256",
    "bin/reelay-secrets.mjs",
    "dist/index.js",
    "dist/index_bg.wasm",
    "dist/wrangler.jsonc",
    "index.d.ts",
    "lib/put_secrets.mjs",
    "lib/refusal.mjs",
    "lib/secrets.mjs",
    "lib/target.mjs",
    ...assets().map((name) => `dist/assets/${name}`),
  ],
  "packages/create-reelay": () => [
    "bin/create-reelay.mjs",
    "dist/secrets.mjs",
    "lib/create.mjs",
    "lib/refusal.mjs",
    ...[".dev.vars.example", "README.md", "gitignore", "nextjs.md", "package.json", "wrangler.jsonc"].map(
      (name) => `dist/template/${name}`,
    ),
  ],
};

/** The folders of the packages that are published, each after those that it depends on. */
export const PUBLISHED = Object.keys(FILES);

/** Packs every package; returns the tarballs' paths, each after those that it depends on. */
export function packAll() {
  rmSync(PACKED, { recursive: true, force: true });
  mkdirSync(PACKED);
  const tarballs = PUBLISHED.map(pack);
  writeFileSync(
    join(PACKED, "SHA256SUMS"),
    checksums(
      tarballs.map((path) => basename(path)),
      PACKED,
    ),
  );
  return tarballs;
}

function pack(folder) {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", PACKED, `./${folder}`];
  const told = output("npm", args, { cwd: ROOT, env: environment() });
  if (told === undefined) throw new Failure(`npm could not pack ${folder}: npm ${args.join(" ")} says why.`);
  // npm 11 returns a list of what it packed; later versions an object by name.
  const [{ filename, files, size }] = Object.values(JSON.parse(told));
  const differences = compare(
    files.map(({ path }) => path),
    [...ALWAYS, ...FILES[folder]()],
  );
  if (differences.length > 0) throw new Failure(`${filename}: ${differences.join(", ")}.`);
  say(`  ${filename}: ${files.length} files, ${Math.ceil(size / 1024)} KiB`);
  return join(PACKED, filename);
}

/** What the packed files have too much or too little. */
export function compare(packed, wanted) {
  const extra = packed.filter((path) => !wanted.includes(path)).map((path) => `${path} does not belong into it`);
  const missing = wanted.filter((path) => !packed.includes(path)).map((path) => `${path} is missing`);
  return [...extra, ...missing];
}

function compiled(folder) {
  const sources = below(join(ROOT, folder, "src"));
  return sources.flatMap((name) => [`src/${name}`, ...BUILT_FROM(`dist/${name}`)]);
}

const below = (folder) =>
  readdirSync(folder, { recursive: true }).filter((name) => statSync(join(folder, name)).isFile());
