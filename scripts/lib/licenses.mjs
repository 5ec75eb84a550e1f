// The licences of everything that is compiled into the worker or lies among its assets.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environment, ROOT } from "./paths.mjs";
import { Failure } from "./report.mjs";
import { output } from "./run.mjs";
import { VENDORED } from "./vendor.mjs";
import { WASM_TARGET } from "./versions.mjs";

const HEAD = `@reelay/worker contains the following software besides its own, which is under the Apache License 2.0
(LICENSE). Each is listed with its version, its licence and where it comes from, followed by the
texts of the licences.
`;
const TEXT = /(^|\.)(licen[cs]e|copying|notice|unlicense)/i;
const RULE = `\n${"-".repeat(80)}\n`;
/** rustc's own library has no package. */
const STANDARD_LIBRARY = {
  name: "The Rust standard library",
  version: "",
  license: "MIT OR Apache-2.0, Copyright (c) The Rust Project Contributors",
  from: "https://github.com/rust-lang/rust",
  texts: [],
};

/** The document with all of them. */
export function licenses() {
  const parts = [...crates(), STANDARD_LIBRARY, ...vendored()];
  const list = parts.map(({ name, version, license, from }) =>
    [`* ${`${name} ${version}`.trim()}: ${license}`, from && `  ${from}`].filter(Boolean).join("\n"),
  );
  const owners = new Map();
  for (const { name, texts } of parts) for (const text of texts) owners.set(text, [...(owners.get(text) ?? []), name]);
  const texts = [...owners].map(([text, names]) => `${RULE}${[...new Set(names)].join(", ")}\n\n${text}\n`);
  return [HEAD, list.join("\n"), ...texts].join("\n");
}

/** The crates that the worker is linked from, without those that only ran while it was compiled. */
function crates() {
  const tree = cargo(
    "tree",
    "--package",
    "reelay",
    "--edges",
    "normal,no-proc-macro",
    "--prefix",
    "none",
    "--format",
    "{p}",
  );
  const linked = new Set(tree.split("\n").map((line) => line.split(" ").slice(0, 2).join(" ")));
  const { packages } = JSON.parse(cargo("metadata", "--format-version", "1", "--filter-platform", WASM_TARGET));
  return packages
    .filter(({ name, version, source }) => source && linked.has(`${name} v${version}`))
    .map(({ name, version, license, repository, manifest_path }) => {
      const texts = textsIn(dirname(manifest_path));
      if (!license || (texts.length === 0 && !license.includes("Apache-2.0")))
        throw new Failure(`The crate ${name} ${version} comes without its licence: find it and name it here.`);
      return { name, version, license, from: repository, texts };
    });
}

function cargo(command, ...args) {
  const wasm = command === "tree" ? ["--target", WASM_TARGET] : [];
  const text = output("cargo", [command, "--locked", ...wasm, ...args], {
    cwd: ROOT,
    env: environment(),
    maxBuffer: 64 * 1024 * 1024,
  });
  if (text === undefined) throw new Failure(`cargo ${command} failed: run it to see why.`);
  return text;
}

/** The npm packages whose files are copied into assets/. */
function vendored() {
  return VENDORED.map(({ package: name }) => {
    const folder = join(ROOT, "node_modules", name);
    const { version, license, homepage, repository } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return { name, version, license, from: homepage ?? repository?.url, texts: textsIn(folder) };
  });
}

function textsIn(folder) {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile() && TEXT.test(entry.name));
  return names.map(({ name }) => readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n").trim());
}
