// The code in the README's section on Next.js.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./paths.mjs";
import { Failure } from "./report.mjs";

const TITLE = "## Add it to your Next.js app";
/** A file's name at the beginning of a paragraph, and the code block that follows. */
const FILE = /^`([^`\n]+)`[^\n]*\n\n```tsx?\n([\s\S]*?)^```$/gm;

/** The section's files by name; fails if a block has no name. */
export function readmeFiles() {
  const section = readFileSync(join(ROOT, "README.md"), "utf8").split(`${TITLE}\n`)[1]?.split("\n## ")[0] ?? "";
  const files = [...section.matchAll(FILE)].map(([, name, code]) => [name, code]);
  const blocks = section.match(/^```ts/gm)?.length ?? 0;
  if (blocks === 0 || files.length !== blocks)
    throw new Failure(`README.md: each block of "${TITLE}" needs its file's name before it.`);
  return Object.fromEntries(files);
}
