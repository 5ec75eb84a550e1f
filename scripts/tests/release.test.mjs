// A release on a small clone, which is the same after each release of this repository, and what must hold of this
// repository itself.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { ROOT } from "../lib/paths.mjs";
import { pages, regions, replaceRegions, repositoryOf, versions } from "../lib/release_places.mjs";
import { textsAfterRelease } from "../lib/release_texts.mjs";
import { PUBLISHED } from "../lib/tarballs.mjs";
import { prepare, releasing } from "../release.mjs";
import { commit, git, makeClone } from "./release_fixture.mjs";

const ADDRESS = "https://github.com/someone/reelay";
const DATE = "2027-01-31";
const BUTTON = `](https://deploy.workers.cloudflare.com/?url=${ADDRESS}/tree/main/deploy)`;
/** What a reader could not do before the first release. */
const RELEASED = /deploy\.workers\.cloudflare\.com|--template=|^npm create reelay|^npm install @reelay/m;
/** What is untrue from then on. */
const UNRELEASED = /until the packages are published|before the first release|\bnot on npm\b/i;

let clone;
const read = (name, root = clone) => readFileSync(join(root, name), "utf8");
const release = (version, repository = ADDRESS) => prepare({ version, repository, date: DATE }, clone);

beforeEach(() => {
  clone = makeClone();
});

afterEach(() => rmSync(clone, { recursive: true }));

test("all versions of the repository agree", () => {
  const found = versions();
  const { version } = JSON.parse(read("package.json", ROOT));
  assert.deepEqual(
    found.filter((place) => place.version !== version),
    [],
  );
  for (const file of ["Cargo.lock", "package-lock.json", "deploy/package.json", "docs/quickstart.md"])
    assert.ok(
      found.some((place) => place.file === file),
      file,
    );
});

test("before the first release no page tells to do what fails, and each such text has its successor", () => {
  if (repositoryOf()) return assert.deepEqual(regions(), []);
  for (const page of pages()) {
    // The README of create-reelay and the pages say what holds "once" it is published, outside of code.
    const code = [...read(page, ROOT).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block).join("\n");
    assert.doesNotMatch(code, RELEASED, page);
    assert.doesNotMatch(read(page, ROOT), /deploy\.workers\.cloudflare\.com/, page);
  }
  const texts = textsAfterRelease(ADDRESS);
  assert.deepEqual(
    regions()
      .map(({ name }) => name)
      .sort(),
    Object.keys(texts).sort(),
  );
});

test("from the first release on no page says that there was none yet, and README is short enough", () => {
  const copy = mkdtempSync(join(tmpdir(), "reelay-pages-"));
  try {
    for (const page of pages()) cpSync(join(ROOT, page), join(copy, dirname(page), page.split("/").at(-1)));
    replaceRegions(textsAfterRelease(repositoryOf() ?? ADDRESS), copy);
    for (const page of pages(copy)) assert.doesNotMatch(read(page, copy), UNRELEASED, page);
    const lines = read("README.md", copy).split("\n").length - 1;
    assert.ok(lines <= 150, `README.md has ${lines} lines`);
  } finally {
    rmSync(copy, { recursive: true });
  }
});

test("a release has one version everywhere, its changes, and the address of the repository", () => {
  const before = read("CHANGELOG.md");
  release("7.8.9");
  assert.deepEqual(
    versions(clone).filter(({ version }) => version !== "7.8.9"),
    [],
  );
  assert.equal(read("CHANGELOG.md"), before.replace("## Unreleased\n", `## Unreleased\n\n## 7.8.9 (${DATE})\n`));
  for (const folder of PUBLISHED)
    assert.deepEqual(JSON.parse(read(`${folder}/package.json`)).repository, {
      type: "git",
      url: `git+${ADDRESS}.git`,
      directory: folder,
    });
  assert.equal(repositoryOf(clone), ADDRESS);
  assert.deepEqual(regions(clone), []);
  for (const page of ["README.md", "deploy/README.md", "docs/deploying.md"])
    assert.ok(read(page).includes(BUTTON), page);
  assert.match(read("deploy/README.md"), /npm create cloudflare@latest -- --template=someone\/reelay\/deploy$/m);
  assert.match(read("Cargo.lock"), /name = "serde"\nversion = "1\.0\.0"/);
});

test("the next release changes the version, and needs changes to tell", () => {
  release("7.8.9");
  assert.throws(() => release("7.8.10"), /CHANGELOG.md has nothing below/);
  writeFileSync(
    join(clone, "CHANGELOG.md"),
    read("CHANGELOG.md").replace("## Unreleased\n", "## Unreleased\n\n* New.\n"),
  );
  release("7.8.10");
  assert.match(read("CHANGELOG.md"), /## Unreleased\n\n## 7\.8\.10 \(2027-01-31\)\n\n\* New\.\n\n## 7\.8\.9/);
  assert.equal(JSON.parse(read("deploy/package.json")).dependencies["@reelay/worker"], "^7.8.10");
});

test("a version or an address that cannot be is refused before anything is written", () => {
  for (const version of [undefined, "1", "v7.9.0", "7.9.0-rc.1"])
    assert.throws(() => release(version), /three numbers/);
  assert.throws(() => release("0.0.9"), /0\.0\.9 is older than the present version 0\.1\.0/);
  for (const repository of [
    "http://github.com/a/b",
    "https://github.com/a",
    "https://github.com/a/b.git",
    "git@github.com:a/b.git",
    "",
  ])
    assert.throws(() => release("9.0.0", repository), /must be such as/);
  assert.equal(git(clone, "status", "--porcelain"), "");
});

test("a version that was released is not released again", () => {
  git(clone, "tag", "v0.1.0");
  assert.throws(() => release("0.1.0"), /The tag v0\.1\.0 exists, so this version was released: name a newer one\./);
  git(clone, "tag", "--delete", "v0.1.0");
  const text = read("CHANGELOG.md");
  writeFileSync(join(clone, "CHANGELOG.md"), `${text}\n## 0.1.0 (2026-12-24)\n\n* The first.\n`);
  commit(clone);
  assert.throws(() => release("0.1.0"), /CHANGELOG\.md has a heading 0\.1\.0, so this version was released/);
  assert.equal(git(clone, "status", "--porcelain"), "");
});

test("a release that fails leaves the clone as it was, and can be run again", async () => {
  const what = { version: "0.2.0", repository: ADDRESS, date: DATE };
  const fails = () => {
    assert.match(read("package.json"), /0\.2\.0/);
    throw new Error("the tests fail");
  };
  await assert.rejects(releasing(what, fails, clone), /the tests fail/);
  assert.equal(git(clone, "status", "--porcelain"), "");
  assert.equal(await releasing(what, async () => "made", clone), "made");
  assert.match(read("package.json"), /0\.2\.0/);
  await assert.rejects(releasing(what, fails, clone), /changes that are not committed/);
  assert.match(read("package.json"), /0\.2\.0/, "what was not committed is kept");
});
