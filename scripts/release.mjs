// `npm run release -- VERSION`: makes everything that a release publishes, and says how. It publishes nothing itself.
//   --repository https://github.com/<owner>/<name>   the public address, asked for once

import { basename } from "node:path";
import { createInterface } from "node:readline/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { buildWorker } from "./build.mjs";
import { ensureBrowser } from "./lib/browser.mjs";
import { main } from "./lib/main.mjs";
import { ROOT } from "./lib/paths.mjs";
import {
  replaceRegions,
  repositoryOf,
  setChangelog,
  setRepository,
  setVersion,
  versions,
} from "./lib/release_places.mjs";
import { textsAfterRelease } from "./lib/release_texts.mjs";
import { Failure, say, table } from "./lib/report.mjs";
import { output } from "./lib/run.mjs";
import { atLeast } from "./lib/versions.mjs";
import { testPackages } from "./packages.mjs";
import { setup } from "./setup.mjs";

const VERSION = /^\d+\.\d+\.\d+$/;
const ADDRESS = /^https:\/\/github\.com\/[\w.-]+\/[\w.-]+(?<!\.git)$/;

/** Writes version, date and address into the checkout at `root`, which must be a clone. */
export function prepare({ version, repository, date }, root = ROOT) {
  if (!VERSION.test(version ?? ""))
    throw new Failure("Name the version in three numbers, such as: npm run release -- 0.2.0");
  const { version: present } = versions(root).find(({ file }) => file === "package.json");
  if (!atLeast(version, present)) throw new Failure(`${version} is older than the present version ${present}.`);
  if (git(root, "tag", "--list", `v${version}`))
    throw new Failure(`The tag v${version} exists, so this version was released: name a newer one.`);
  if (!ADDRESS.test(repository))
    throw new Failure("The repository's address must be such as https://github.com/<owner>/<name>.");
  setChangelog(version, date, root);
  setVersion(version, root);
  setRepository(repository, root);
  replaceRegions(textsAfterRelease(repository), root);
}

function read() {
  try {
    const options = { repository: { type: "string" } };
    const { positionals, values } = parseArgs({ allowPositionals: true, options });
    return { version: positionals[0], repository: values.repository };
  } catch {
    throw new Failure("Only the version and --repository can be given, such as: npm run release -- 0.2.0");
  }
}

/** The address that is known or given; otherwise asks for it. */
async function addressOf(given) {
  const known = given ?? repositoryOf();
  if (known) return known;
  if (!process.stdin.isTTY)
    throw new Failure("The repository's address is not known yet: add --repository https://github.com/<owner>/<name>.");
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question("The public address of this repository (https://github.com/<owner>/<name>): ");
  terminal.close();
  return answer.trim();
}

/** Prepares a release of the clean clone at `root`, then does `work`. If any of it fails, the clone is as it was. */
export async function releasing(what, work, root = ROOT) {
  checkClean(root);
  try {
    prepare(what, root);
    return await work();
  } catch (error) {
    git(root, "restore", "--", ".");
    throw error;
  }
}

function checkClean(root) {
  if (git(root, "status", "--porcelain"))
    throw new Failure(
      "There are changes that are not committed: commit them, or undo them by `git restore .`, and run again.",
    );
}

function git(root, ...args) {
  const told = output("git", args, { cwd: root });
  if (told === undefined)
    throw new Failure(`A release is made from a clone of the repository; here \`git ${args[0]}\` fails.`);
  return told;
}

function sayNext(version, tarballs) {
  say(`\nVersion ${version} is made. Nothing is published. Check it with git diff, then run:\n`);
  say(`  git commit -am "Version ${version}" && git tag v${version}`);
  for (const tarball of tarballs) say(`  npm publish packed/${basename(tarball)} --access public`);
  say(`  git push --atomic origin HEAD v${version}`);
  say("\nThe checksums of the tarballs are in packed/SHA256SUMS: put them beside the tag.");
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    const { version, ...given } = read();
    const repository = await addressOf(given.repository);
    const date = new Date().toISOString().slice(0, 10);
    const tarballs = await releasing({ version, repository, date }, async () => {
      await buildWorker(await setup());
      return testPackages(await ensureBrowser());
    });
    table("The release took:");
    sayNext(version, tarballs);
  });
}
