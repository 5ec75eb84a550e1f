// axe-core, which finds barriers for users with disabilities.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { check } from "./stage.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Fails with everything that axe-core finds on the current page, of any severity. */
export async function examine(page, view, theme) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const found = violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${impact} ${id} at ${target}: ${failureSummary}`),
  );
  check(found.length === 0, `${view}, ${theme}:\n${found.join("\n")}`);
}
