// A browser, for the tests of the dashboard.

import { existsSync } from "node:fs";
import { aptInstall, candidateVersion } from "./apt.mjs";
import { haveDebian } from "./debian.mjs";
import { Failure, step } from "./report.mjs";
import { BROWSER } from "./versions.mjs";

/** The path of Debian's browser, unless `CHROMIUM_BIN` names another one. */
const CHROMIUM = "/usr/bin/chromium";

/** Makes sure that there is a browser; returns its path. */
export async function ensureBrowser() {
  const path = process.env.CHROMIUM_BIN || CHROMIUM;
  if (existsSync(path)) return path;
  if (process.env.CHROMIUM_BIN || !haveDebian())
    throw new Failure(`There is no browser at ${path}: set CHROMIUM_BIN to a Chromium or Chrome and run again.`);
  await step("Chromium, for the dashboard's tests", () =>
    aptInstall(BROWSER, () => candidateVersion(BROWSER[0]) !== undefined),
  );
  return path;
}
