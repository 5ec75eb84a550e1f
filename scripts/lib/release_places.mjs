// Every place of the repository that holds the version or waits for the first release.

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./paths.mjs";
import { Failure } from "./report.mjs";
import { PUBLISHED } from "./tarballs.mjs";

/** The version itself in the files that have it; each pattern matches at least once. */
const VERSIONED = {
  "Cargo.toml": [/(?<=^version = ")[^"]+/m],
  "Cargo.lock": [/(?<=^name = "(?:bench|fake-upstream|processes|reelay)"\nversion = ")[^"]+/gm],
  "package.json": [/(?<=^ {2}"version": ")[^"]+/m],
  "package-lock.json": [
    /(?<=^ {2}"version": ")[^"]+/m,
    /(?<=^ {6}"name": "(?:@reelay\/[\w-]+|reelay[\w-]*)",\n {6}"version": ")[^"]+/gm,
    /(?<="@reelay\/[\w-]+": ")\d[^"]*/g,
  ],
  "assets/openapi.json": [/(?<=^ {4}"version": ")[^"]+/m],
  "deploy/package.json": [/(?<="@reelay\/worker": "\^)[^"]+/],
  "examples/nextjs/package.json": [/(?<=^ {2}"version": ")[^"]+/m, /(?<="@reelay\/client": ")[^"]+/],
  "packages/ai-sdk-provider/package.json": [/(?<=^ {2}"version": ")[^"]+/m, /(?<="@reelay\/client": ")[^"]+/],
  "packages/ai-sdk-provider/src/version.ts": [/(?<=VERSION = ")[^"]+/],
  "packages/client/package.json": [/(?<=^ {2}"version": ")[^"]+/m],
  "packages/create-reelay/package.json": [/(?<=^ {2}"version": ")[^"]+/m],
  "packages/worker/package.json": [/(?<=^ {2}"version": ")[^"]+/m],
};
/** The same in the names of tarballs, which the pages may or may not have. */
const IN_PAGES = /(?<=\breelay(?:-[a-z-]+)?-)\d+\.\d+\.\d+(?=\.tgz)/g;
const REGION = /<!-- until a release: ([\w-]+) -->\n([\s\S]*?)<!-- end -->\n/g;

/** The pages of the repository. */
export function pages(root = ROOT) {
  const below = (folder) =>
    readdirSync(join(root, folder))
      .filter((name) => !["dist", "node_modules"].includes(name))
      .flatMap((name) => {
        const path = `${folder}/${name}`;
        if (statSync(join(root, path)).isDirectory()) return below(path);
        return name.endsWith(".md") ? [path] : [];
      });
  return ["README.md", ...["deploy", "docs", "examples/nextjs", "packages"].flatMap(below)];
}

const places = (root) => [
  ...Object.entries(VERSIONED).flatMap(([file, patterns]) => patterns.map((pattern) => [file, pattern])),
  ...pages(root).map((file) => [file, IN_PAGES]),
];

/** Every version that is written somewhere, as `{file, version}`. */
export function versions(root = ROOT) {
  return places(root).flatMap(([file, pattern]) => {
    const found = read(root, file).match(pattern) ?? [];
    if (found.length === 0 && pattern !== IN_PAGES) throw new Failure(`${file} names no version where it should.`);
    return found.map((version) => ({ file, version }));
  });
}

/** Writes the version everywhere. */
export function setVersion(version, root = ROOT) {
  versions(root);
  for (const [file, pattern] of places(root)) edit(root, file, (text) => text.replace(pattern, version));
}

/** The texts of the pages that hold until the first release, as `{file, name, text}`. */
export function regions(root = ROOT) {
  return pages(root).flatMap((file) =>
    [...read(root, file).matchAll(REGION)].map(([, name, text]) => ({ file, name, text })),
  );
}

/** Replaces those texts by what `texts[name]` gives. */
export function replaceRegions(texts, root = ROOT) {
  for (const file of pages(root)) edit(root, file, (text) => text.replace(REGION, (_, name) => texts[name]));
}

/** The repository's address, or undefined until it was given once. */
export const repositoryOf = (root = ROOT) =>
  JSON.parse(read(root, "package.json")).repository?.url.replace(/^git\+(.*)\.git$/, "$1");

/** Writes the repository's address into every package. */
export function setRepository(repository, root = ROOT) {
  const url = `git+${repository}.git`;
  const address = (folder) => ({ type: "git", url, ...(folder && { directory: folder }) });
  for (const folder of ["", ...PUBLISHED])
    edit(root, join(folder, "package.json"), (text) => {
      const { name, version, private: isPrivate, license, ...others } = JSON.parse(text);
      const first = { name, version, ...(isPrivate && { private: isPrivate }), license, repository: address(folder) };
      return `${JSON.stringify({ ...first, ...others, repository: first.repository }, null, 2)}\n`;
    });
}

/** Gives the changes since the last release this version; there must be some. */
export function setChangelog(version, date, root = ROOT) {
  edit(root, "CHANGELOG.md", (text) => {
    if (text.includes(`\n## ${version} (`))
      throw new Failure(`CHANGELOG.md has a heading ${version}, so this version was released: name a newer one.`);
    const [before, rest] = text.split(/^## Unreleased\n/m);
    const changes = rest?.split(/^## /m)[0].trim();
    if (!changes)
      throw new Failure("CHANGELOG.md has nothing below `## Unreleased`: write what changed and run again.");
    return `${before}## Unreleased\n\n## ${version} (${date})\n${rest}`;
  });
}

function read(root, file) {
  const path = join(root, file);
  if (!existsSync(path)) throw new Failure(`${file} is missing.`);
  return readFileSync(path, "utf8");
}

function edit(root, file, change) {
  const before = read(root, file);
  const after = change(before);
  if (after !== before) writeFileSync(join(root, file), after);
}
