import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { ROOT } from "../lib/paths.mjs";
import { pages, regions, repositoryOf, versions } from "../lib/release_places.mjs";
import { textsAfterRelease } from "../lib/release_texts.mjs";
import { PUBLISHED } from "../lib/tarballs.mjs";
import { prepare } from "../release.mjs";

const ADDRESS = "https://github.com/someone/reelay";
const DATE = "2027-01-31";
const BUTTON = `](https://deploy.workers.cloudflare.com/?url=${ADDRESS}/tree/main/deploy)`;
/** What a reader could not do before the first release. */
const RELEASED = /deploy\.workers\.cloudflare\.com|--template=|^npm create reelay|^npm install @reelay/m;

let copy;
const read = (name, root = copy) => readFileSync(join(root, name), "utf8");
const release = (version) => prepare({ version, repository: ADDRESS, date: DATE }, copy);

before(() => {
  copy = mkdtempSync(join(tmpdir(), "reelay-release-"));
  const files = new Set(versions().map(({ file }) => file));
  const packages = PUBLISHED.map((folder) => `${folder}/package.json`);
  for (const file of [...files, ...packages, ...pages(), "CHANGELOG.md"])
    cpSync(join(ROOT, file), join(copy, dirname(file), file.split("/").at(-1)), { recursive: true });
});

after(() => rmSync(copy, { recursive: true }));

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

test("a release has one version everywhere, its changes, and the address of the repository", () => {
  const before = read("CHANGELOG.md");
  release("7.8.9");
  assert.deepEqual(
    versions(copy).filter(({ version }) => version !== "7.8.9"),
    [],
  );
  assert.equal(read("CHANGELOG.md"), before.replace("## Unreleased\n", `## Unreleased\n\n## 7.8.9 (${DATE})\n`));
  for (const folder of PUBLISHED)
    assert.deepEqual(JSON.parse(read(`${folder}/package.json`)).repository, {
      type: "git",
      url: `git+${ADDRESS}.git`,
      directory: folder,
    });
  assert.equal(repositoryOf(copy), ADDRESS);
  assert.deepEqual(regions(copy), []);
  for (const page of ["README.md", "deploy/README.md", "docs/deploying.md"])
    assert.ok(read(page).includes(BUTTON), page);
  assert.match(read("deploy/README.md"), /npm create cloudflare@latest -- --template=someone\/reelay\/deploy$/m);
  const lines = read("README.md").split("\n").length - 1;
  assert.ok(lines <= 150, `README.md has ${lines} lines`);
});

test("the next release changes the version, and needs changes to tell", () => {
  assert.throws(() => release("7.8.10"), /CHANGELOG.md has nothing below/);
  writeFileSync(
    join(copy, "CHANGELOG.md"),
    read("CHANGELOG.md").replace("## Unreleased\n", "## Unreleased\n\n* New.\n"),
  );
  release("7.8.10");
  assert.match(read("CHANGELOG.md"), /## Unreleased\n\n## 7\.8\.10 \(2027-01-31\)\n\n\* New\.\n\n## 7\.8\.9/);
  assert.equal(JSON.parse(read("deploy/package.json")).dependencies["@reelay/worker"], "^7.8.10");
});

test("a version or an address that cannot be is refused before anything is written", () => {
  const before = read("package.json");
  for (const version of [undefined, "1", "v7.9.0", "7.9.0-rc.1"])
    assert.throws(() => release(version), /three numbers/);
  assert.throws(() => release("7.8.8"), /7\.8\.8 is older than the present version 7\.8\.10/);
  for (const repository of [
    "http://github.com/a/b",
    "https://github.com/a",
    "https://github.com/a/b.git",
    "git@github.com:a/b.git",
    "",
  ])
    assert.throws(() => prepare({ version: "9.0.0", repository, date: DATE }, copy), /must be such as/);
  assert.equal(read("package.json"), before);
});
