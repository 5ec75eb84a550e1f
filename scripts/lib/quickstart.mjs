// The files of the app in docs/quickstart.md, which the tests build and run.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./paths.mjs";
import { Failure } from "./report.mjs";

/** A file's name at the start of a paragraph, and the block of code after that paragraph. */
const FILE = /(?<=\n\n)`([^`\n]+)`(?:[^\n]|\n(?!\n))*\n\n```tsx?\n([\s\S]*?)^```$/gm;

/** The app's files, by name. */
export const quickstartFiles = () => filesOf("docs/quickstart.md");

/** The TypeScript files of a page, by name; fails if a block has no name or there is no block. */
export function filesOf(page) {
  return filesIn(readFileSync(join(ROOT, page), "utf8"), page);
}

/** The TypeScript files in a page's text. */
export function filesIn(text, page) {
  const files = [...text.matchAll(FILE)].map(([, name, code]) => [name, code]);
  const blocks = text.match(/^```ts/gm)?.length ?? 0;
  if (blocks === 0 || files.length !== blocks)
    throw new Failure(
      `${page}: each block of TypeScript needs its file's name at the start of the paragraph before it.`,
    );
  return Object.fromEntries(files);
}
