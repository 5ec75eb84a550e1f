// The README's section on Next.js is code that compiles, and as short as it says it is.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environment, NODE_BIN, ROOT } from "./paths.mjs";
import { Failure, say } from "./report.mjs";
import { run } from "./run.mjs";

const TITLE = "## Add it to your Next.js app";
const MAX_LINES = 39;
/** A file's name at the beginning of a paragraph, and the block of code that follows. */
const FILE = /^`([^`\n]+)`[^\n]*\n\n```tsx?\n([\s\S]*?)^```$/gm;

/** Compiles the section's files together with Next's own types; fails as well when they are too long. */
export async function checkReadme() {
  const section = readFileSync(join(ROOT, "README.md"), "utf8").split(`${TITLE}\n`)[1]?.split("\n## ")[0] ?? "";
  const files = [...section.matchAll(FILE)].map(([, name, code]) => ({ name, code }));
  const blocks = section.match(/^```ts/gm)?.length ?? 0;
  if (blocks === 0 || files.length !== blocks)
    throw new Failure(`README.md: each block of "${TITLE}" needs its file's name before it.`);
  const lines = files.flatMap(({ code }) => code.split("\n")).filter((line) => line.trim() !== "").length;
  if (lines > MAX_LINES) throw new Failure(`README.md: "${TITLE}" has ${lines} lines of code, more than ${MAX_LINES}.`);
  // Within the repository, so that the compiler finds its packages.
  mkdirSync(join(ROOT, "build"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, "build/readme-"));
  try {
    for (const { name, code } of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), code);
    }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(CONFIGURATION));
    await run(join(NODE_BIN, "tsc"), ["--project", folder], { cwd: ROOT, env: environment(), show: true });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  say(`  README: ${files.length} files for Next.js compile, ${lines} lines`);
}

/** As Next.js has it. */
const CONFIGURATION = {
  extends: join(ROOT, "tsconfig.base.json"),
  compilerOptions: {
    module: "esnext",
    moduleResolution: "bundler",
    jsx: "react-jsx",
    types: ["node"],
    noEmit: true,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
  },
};
