// The app that docs/quickstart.md has people write: the tests build and play these files.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./paths.mjs";
import { Failure } from "./report.mjs";

/** A file's name at the start of a paragraph, and the block of code after that paragraph. */
const FILE = /(?<=\n\n)`([^`\n]+)`(?:[^\n]|\n(?!\n))*\n\n```tsx?\n([\s\S]*?)^```$/gm;

/** The app's files, by name. */
export const quickstartFiles = () => filesOf("docs/quickstart.md");

/** The TypeScript files that a page shows, by name; fails when a block has no name or there is none. */
export function filesOf(page) {
  return filesIn(readFileSync(join(ROOT, page), "utf8"), page);
}

/** The same of a page's text. */
export function filesIn(text, page) {
  const files = [...text.matchAll(FILE)].map(([, name, code]) => [name, code]);
  const blocks = text.match(/^```ts/gm)?.length ?? 0;
  if (blocks === 0 || files.length !== blocks)
    throw new Failure(
      `${page}: each block of TypeScript needs its file's name at the start of the paragraph before it.`,
    );
  return Object.fromEntries(files);
}
